/**
 * udev's programs and rules as a tree that can be laid over /usr: the machine's own, or the distribution's package unpacked once into the
 * user's cache. It is not installed, because that starts a udevd on this machine, which makes nodes and renames network devices. Each release of
 * systemd has a tree of its own: the two share a library of that release.
 */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { hasProgram } from "./bundle.ts"

/** `tree`: undefined where this machine's /usr has it all. */
export type Udev = { readonly tree: string | undefined } | { readonly lacks: string }

const downloadTimeoutMs = 60_000

export function findUdev(): Udev {
  if (hasProgram("udevadm")) return { tree: undefined }
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "gantry-tests")
  const kept = join(cache, `udev-${systemdRelease()}`)
  const tree = join(kept, "usr")
  if (existsSync(tree)) return { tree }
  if (!hasProgram("apt-get") || !hasProgram("dpkg")) return { lacks: "udevadm" }
  let unfinished: string
  try {
    mkdirSync(cache, { recursive: true })
    // Whoever finds the directory finds all of it; of two at once the second is thrown away.
    unfinished = mkdtempSync(join(cache, "unfinished-"))
  } catch (error) {
    return { lacks: `udevadm, and a cache to unpack it into: ${String(error)}` }
  }
  const options = { cwd: unfinished, timeout: downloadTimeoutMs } as const
  try {
    Bun.spawnSync(["apt-get", "download", "-qq", "udev"], options)
    const archive = readdirSync(unfinished).find((name) => name.endsWith(".deb"))
    if (archive === undefined) return { lacks: "udev, which apt-get does not download" }
    const place = join(unfinished, "udev")
    if (Bun.spawnSync(["dpkg", "-x", archive, place], options).exitCode !== 0)
      return { lacks: "udev, whose package cannot be unpacked" }
    // The package is older than the merging of /usr.
    for (const name of ["bin", "lib"])
      if (existsSync(join(place, name)))
        cpSync(join(place, name), join(place, "usr", name), { recursive: true, verbatimSymlinks: true })
    try {
      renameSync(place, kept)
    } catch (error) {
      if (!existsSync(tree)) throw error
    }
    return { tree }
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/** `252`. Source: systemctl(1), whose first line it is in. */
function systemdRelease(): string {
  const said = Bun.spawnSync(["systemctl", "--version"]).stdout.toString()
  return /^systemd (\d+)/.exec(said)?.[1] ?? "unknown"
}
