/** What verify says of specifications beside the recorded machines that they are of: nothing that is not so, and of what was changed in one what matters. */

import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { temporaryDirectory } from "../../temporary-directory.ts"

const root = resolve(import.meta.dir, "../../..")
const work = temporaryDirectory("verify-fresh")

function gantry(...args: readonly string[]) {
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), "cdi", ...args])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}

const recordingOf = (machine: string): string => join(root, "hosts", machine, "machine.json")
/** A recording was asked about no hook program of ours. */
const hook = ["--hook-path", "/usr/bin/nvidia-cdi-hook"]

/** Codes of findings of severity error or warning, and of hooks that do nothing, sorted. */
function judge(file: string, machine: string): readonly string[] {
  const { findings } = JSON.parse(
    gantry("verify", file, "--host", recordingOf(machine), "--json", ...rootOf(machine)).stdout,
  ) as { readonly findings: readonly { readonly severity: string; readonly code: string }[] }
  return findings
    .filter(({ severity, code }) => (severity !== "note" || code === "GAN4116") && code !== "GAN4110")
    .map(({ severity, code }) => `${severity} ${code}`)
    .sort()
}

function generate(machine: string, ...args: readonly string[]): string {
  const { exit, stdout, stderr } = gantry(
    "generate",
    "--host",
    recordingOf(machine),
    ...rootOf(machine),
    ...args,
  )
  if (exit !== 0) throw new Error(stderr)
  return stdout
}

function write(text: string): string {
  const file = join(work, "spec.yaml")
  writeFileSync(file, text)
  return file
}

const machines = readdirSync(join(root, "hosts")).filter((name) => existsSync(recordingOf(name)))
/** Nothing can be generated of them, or their platform is judged elsewhere. */
const withoutSpec = ["no-driver", "orin", "upgraded-not-rebooted"]
const vendorOf = (machine: string): string => /^(amd|intel)/.exec(machine)?.[0] ?? "nvidia"
const rootOf = (machine: string): readonly string[] =>
  machine === "driver-container" ? ["--driver-root=/run/nvidia/driver"] : []

describe("a fresh specification", () => {
  test.each(machines.filter((name) => !withoutSpec.includes(name)))(
    "of %s has nothing wrong with it",
    (machine) => {
      const vendor = vendorOf(machine)
      const styles: readonly (readonly string[])[] =
        vendor === "nvidia" ? [hook, [...hook, "--hooks=separate", "--name=uuid"]] : [[`--vendor=${vendor}`]]
      for (const style of styles) expect(judge(write(generate(machine, ...style)), machine)).toEqual([])
    },
  )

  test.each(["management", "imex"])("in mode %s neither", (mode) => {
    expect(judge(write(generate("gb200", `--mode=${mode}`, ...hook)), "gb200")).toEqual([])
  })

  test("of devices that were chosen: GPUs that nothing gives, of channels nothing", () => {
    expect(judge(write(generate("a100", "--device=0", ...hook)), "a100")).toEqual(["warning GAN4132"])
    const uuids = generate("a100", "--device=2", "--name=uuid", ...hook)
    expect(judge(write(uuids), "a100")).toEqual(["warning GAN4132"])
    expect(judge(write(generate("gb200", "--mode=imex", "--device=0", ...hook)), "gb200")).toEqual([])
  })

  test("of a whole GPU on which MIG is enabled: it is of no use to CUDA, and that is all", () => {
    const text = generate("mig", "--device=1", "--name=index", ...hook)
    const findings = ["error GAN4142", "warning GAN4132", "warning GAN4133"]
    expect(judge(write(text), "mig")).toEqual(findings)
    // Nodes by which a MIG device of it draws are its own too.
    const drawing = text.replaceAll(/( *- path: )\/dev\/nvidia1\n/g, "$1/dev/dri/card2\n$&")
    expect(drawing).not.toBe(text)
    expect(judge(write(drawing), "mig")).toEqual(findings)
  })

  test("of a GPU on which MIG is enabled and that has no part yet: NVML alone knows, and is asked", () => {
    const file = write(generate("a100", ...hook, "--name=index"))
    const recorded = readFileSync(recordingOf("a100"), "utf8")
    const enabled = recorded.replace('"isMigEnabled":false', '"isMigEnabled":true')
    expect(enabled.length).toBe(recorded.length - 1)
    const machine = join(work, "enabled.json")
    writeFileSync(machine, enabled)
    const { exit, stdout } = gantry("verify", file, "--host", machine)
    expect(exit).toBe(1)
    expect(stdout).toMatch(
      /^error: [^\n]+: nvidia\.com\/gpu=0: MIG is enabled on GPU 0, [^\n]+ \[GAN4142\]: [^\n]+ make some first/m,
    )
  })
})

describe("diff FILE machine", () => {
  const diff = (machine: string, ...args: readonly string[]) => {
    const file = write(generate(machine, ...hook, ...args))
    const call = ["diff", file, "machine", "--host", recordingOf(machine)]
    const { unlisted } = JSON.parse(gantry(...call, "--json").stdout) as {
      readonly unlisted: readonly string[]
    }
    const { stdout, stderr } = gantry(...call)
    return { stdout, stderr, unlisted }
  }

  test.each<[machine: string, device: string, names: string, unlisted: readonly string[]]>([
    ["a100", "all", "index", []],
    ["a100", "0", "index,uuid,type-index,pci", ["1", "2", "3", "4", "5", "6", "7"]],
    ["mig", "0", "index", ["0:0", "0:1", "0:2", "1:0", "1:1", "2"]],
    ["mig", "0:0,2", "type-index", ["mig0:1", "mig0:2", "mig1:0", "mig1:1"]],
    ["mig", "2,0:0,0:1,0:2,1:0,1:1", "index", []],
    ["a100", "3,1,2", "index", ["0", "4", "5", "6", "7"]],
  ])("of %s, --device %s --name %s: what was left out is a note", (machine, device, names, unlisted) => {
    const note = `note: the machine has more than the file gives: ${unlisted.join(", ")}\n`
    expect(diff(machine, `--device=${device}`, `--name=${names}`)).toEqual({
      stdout: "no difference for containers\n",
      stderr: unlisted.length === 0 ? "" : note,
      unlisted,
    })
  })

  test("GPUs that were all there is, and are cut by now, are told with what they are cut into", () => {
    const { stdout, unlisted } = diff("mig", "--device=0,1,2", "--name=index")
    expect(stdout.split("\n").filter((line) => /^. device \S+$/.test(line))).toEqual([
      ...["- device 0", "- device 1"],
      ...["+ device 0:0", "+ device 0:1", "+ device 0:2", "+ device 1:0", "+ device 1:1"],
    ])
    expect(unlisted).toEqual([])
  })
})

const swapped = (text: string, one: string, other: string): string =>
  text.replaceAll(one, "\0").replaceAll(other, one).replaceAll("\0", other)

describe("a specification of another vendor in which something was changed", () => {
  test.each<[what: string, machine: string, change: (text: string) => string, codes: readonly string[]]>([
    [
      "no way to the driver at all",
      "amd-mi300x",
      (text) => text.replaceAll(/ {12}- path: \/dev\/kfd\n(?: {14}.*\n)*/g, ""),
      ["error GAN4134"],
    ],
    [
      "two devices' names",
      "amd-mi300x",
      (text) => swapped(text, 'name: "0"', 'name: "1"'),
      ["error GAN4134", "error GAN4134", "warning GAN4135", "warning GAN4135"],
    ],
    [
      "a device that the machine has not",
      "intel-flex",
      (text) => text.replace('name: "0"', 'name: "17"'),
      ["error GAN4130", "warning GAN4137"],
    ],
    [
      "a node that lies at another's place",
      "intel-flex",
      (text) =>
        text.replaceAll(
          /( +)- path: \/dev\/dri\/renderD128\n/g,
          "$1- path: /dev/dri/renderD128\n$1  hostPath: /dev/dri/renderD129\n",
        ),
      ["warning GAN4135"],
    ],
  ])("%s", (_, machine, change, codes) => {
    const text = generate(machine, `--vendor=${vendorOf(machine)}`)
    const changed = change(text)
    expect(changed).not.toBe(text)
    expect([...new Set(judge(write(changed), machine))]).toEqual([...new Set(codes)])
  })

  const withNode = (text: string, path: string): string =>
    text.replace(/( +)deviceNodes:\n/, `$&$1    - path: ${path}\n`)

  test.each([
    ["a100", "/dev/nvidia1", []],
    ["gb200", "/dev/nvidia-caps-imex-channels/channel1", ["--mode=imex"]],
  ])("of %s and chosen devices, one gives another's node too", (machine, path, args) => {
    const text = withNode(generate(machine, "--device=0", ...args, ...hook), path)
    expect(text).toContain(path)
    expect(judge(write(text), machine)).toContain("warning GAN4135")
  })

  test("and of IMEX channels", () => {
    const text = generate("gb200", "--mode=imex", ...hook)
    const named = swapped(text, 'name: "0"', 'name: "1"')
    expect(judge(write(named), "gb200")).toEqual([
      ...["error GAN4134", "error GAN4134", "warning GAN4135", "warning GAN4135"],
    ])
    const other = text.replace('name: "0"', 'name: "99"')
    expect(judge(write(other), "gb200")).toEqual(["error GAN4130", "warning GAN4137"])
  })
})
