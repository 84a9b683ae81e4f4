// npm run hosts: makes hosts/*/machine.json anew, with the options in hosts/NAME/options and, where there is one, from
// hosts/NAME/listing.txt, through `gantry simulate up` and `gantry host record`. For after a change of what is observed; the diff is then reviewed like a golden's.
// tests/e2e/hosts.test.ts holds that the files are what this makes.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "./build.mjs"
import { root, say } from "./setup.mjs"

const directory = join(root, "hosts")

function gantry(...args) {
  const ran = spawnSync(join(root, "dist/gantry"), args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
  if (ran.status !== 0) throw new Error(`gantry ${args.join(" ")}: ${ran.stderr}`)
  return ran.stdout
}

/** Machines that are simulated; one that was recorded on hardware has no options. */
export const simulatedHosts = () =>
  readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, "options")))
    .sort()

/** The text of hosts/NAME/machine.json; the machine is made and taken away below `work`. */
export function recordSimulatedHost(name, work) {
  const folder = join(directory, name)
  const machine = join(work, name)
  const options = readFileSync(join(folder, "options"), "utf8").split("\n").filter(Boolean)
  const listing = join(folder, "listing.txt")
  gantry("simulate", "up", machine, ...(existsSync(listing) ? ["--from", listing] : []), ...options)
  try {
    return gantry("host", "record", "--host", machine, "--name", name, "-o", "-")
  } finally {
    gantry("simulate", "down", machine)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build()
  const work = mkdtempSync(join(tmpdir(), "gantry-hosts-"))
  try {
    for (const name of simulatedHosts()) {
      writeFileSync(join(directory, name, "machine.json"), recordSimulatedHost(name, work))
      say(`hosts/${name}/machine.json`)
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
