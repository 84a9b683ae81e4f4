/** What a command line says of a specification: what it may say, what that means, and what is told of all else. */

import { describe, expect, test } from "bun:test"
import { readSpecCall, type SpecCall, specFlags } from "../../../src/commands/cdi/spec-call.ts"
import { parseFlags } from "../../../src/commands/flags.ts"
import { toolkitHooks } from "../../../src/core/cdi/edits/toolkit-hooks.ts"
import type { Result } from "../../../src/core/fault/result.ts"
import { specModes } from "../../../src/core/generate/spec-request.ts"

const shape = { program: "gantry cdi generate", usage: "", ...specFlags }

async function read(args: readonly string[]): Promise<Result<SpecCall>> {
  const flags = parseFlags(args, shape)
  return flags.ok ? await readSpecCall(flags.value, shape) : flags
}

async function callOf(...args: readonly string[]): Promise<SpecCall> {
  const call = await read(args)
  if (!call.ok) throw new Error(JSON.stringify(call.fault))
  return call.value
}

/** What is wrong with it; empty: nothing. */
async function problemOf(...args: readonly string[]): Promise<string> {
  const call = await read(args)
  if (call.ok) return ""
  return call.fault.tag === "UsageInvalid" ? call.fault.data.problem : call.fault.tag
}

describe("what is meant when nothing is said", () => {
  test("all GPUs of the machine under every name and as one, in one hook, to standard output", async () => {
    const { request, ...call } = await callOf()
    expect(call).toEqual({
      mode: "auto",
      kind: undefined,
      engines: undefined,
      output: "",
      format: "yaml",
      warnings: [],
    })
    const { hooks, additions, ...rest } = request
    expect(rest).toEqual({
      devices: ["all"],
      names: ["index", "type-index", "uuid", "pci"],
      hasAllDevice: true,
      orinCompatDirectory: "",
      // Majors drift, and a file outlives a boot.
      nodes: { numbers: "left", rights: "written", owners: "machine" },
      hasGroups: true,
      has32Bit: false,
      hasSockets: true,
      machineFaults: "refused",
    })
    expect([hooks.shape, hooks.ldconfigPath, hooks.path.startsWith("/")]).toEqual(["one", "", true])
    expect(toolkitHooks.filter((name) => !hooks.isEnabled(name))).toEqual(["chmod"])
    expect([additions.devices, additions.annotations.size]).toEqual([[], 0])
  })
})

describe("what is said", () => {
  test.each<[args: readonly string[], devices: readonly string[], hasAllDevice: boolean]>([
    [["--device=0"], ["0"], true],
    [["--device=0,1:0", "--device", "gpu3"], ["0", "1:0", "gpu3"], true],
    [["--device=0,,1,"], ["0", "1"], true],
    [["--device=0", "--without-all"], ["0"], false],
    // Nothing is no device of which all could be made.
    [["--device=none"], ["none"], false],
  ])("%p: devices", async (args, devices, hasAllDevice) => {
    const { request } = await callOf(...args)
    expect([request.devices, request.hasAllDevice]).toEqual([devices, hasAllDevice])
  })

  test.each<[said: string, names: readonly string[]]>([
    ["pci,index", ["index", "pci"]],
    ["uuid,uuid", ["uuid"]],
    ["type-index", ["type-index"]],
  ])("--name=%s: ways of naming, in the generator's order", async (said, names) => {
    expect((await callOf(`--name=${said}`)).request.names as readonly string[]).toEqual([...names])
  })

  test.each([
    ["x.json", "json"],
    ["x.yaml", "yaml"],
    ["x.yml", "yaml"],
    ["x", "yaml"],
    ["x.json.new", "yaml"],
    ["json", "yaml"],
    ["xjson", "yaml"],
    ["-", "yaml"],
  ])("--output=%s: %s, and no other format where a reader goes by the name", async (output, format) => {
    expect((await callOf(`--output=${output}`)).format as string).toBe(format)
    expect(await problemOf(`--output=${output}`, `--format=${format}`)).toBe("")
    const other = format === "json" ? "yaml" : "json"
    const ending = /\.(json|ya?ml)$/.exec(output)?.[1]
    expect(await problemOf(`--output=${output}`, `--format=${other}`)).toBe(
      ending === undefined
        ? ""
        : `a file that ends in .${ending} is read as such: leave out --format, or name another file`,
    )
  })

  test.each(["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])(
    "--output=%s: standard output",
    async (output) => {
      expect((await callOf(`--output=${output}`)).output).toBe("")
    },
  )

  test("hooks: their shape, their program, and which there are", async () => {
    const { hooks } = (
      await callOf(
        "--hooks=separate",
        "--hook-path=/opt/h",
        "--disable-hook=update-ldcache",
        "--disable-hook=chmod",
      )
    ).request
    expect([hooks.shape, hooks.path]).toEqual(["separate", "/opt/h"])
    expect(toolkitHooks.filter((name) => !hooks.isEnabled(name))).toEqual(["chmod", "update-ldcache"])
    const none = (await callOf("--disable-hook=all")).request.hooks
    expect(toolkitHooks.filter((name) => none.isEnabled(name))).toEqual([])
    const management = (await callOf("--mode=management")).request.hooks
    expect(management.isEnabled("disable-device-node-modification")).toBe(false)
  })

  test("engines, each with its release or as the newest; numbers of nodes; 32-bit libraries; a kind", async () => {
    const { engines, request, kind } = await callOf(
      ...["--for-engine=podman@4.3.1,docker", "--for-engine=cri-o@1.31", "--numbers", "--compat32"],
      "--kind=example.com/gpu",
    )
    expect(engines).toEqual([
      { name: "podman", version: "4.3.1" },
      { name: "docker", version: undefined },
      { name: "crio", version: "1.31" },
    ])
    expect([request.nodes.numbers, request.has32Bit, kind]).toEqual(["written", true, "example.com/gpu"])
  })
})

/** In one device there is nothing to choose or to name; of channels some can be chosen. */
describe("what says nothing of a mode", () => {
  const whole = ["management", "gds", "gdrcopy", "mofed", "nvswitch", "wsl"]
  test.each(specModes.map((mode) => [mode]))("--mode=%s", async (mode) => {
    const isWhole = whole.includes(mode)
    const idle = (flag: string): string => `--${flag} says nothing of what --mode ${mode} gives`
    const told = async (...args: readonly string[]) => await problemOf(`--mode=${mode}`, ...args)
    expect(await told("--device=0")).toBe(isWhole ? idle("device") : "")
    expect(await told("--device=all,0")).toBe(isWhole ? idle("device") : "")
    expect(await told("--device=all")).toBe("")
    const hasNoNames = isWhole || mode === "imex"
    expect(await told("--name=uuid")).toBe(hasNoNames ? idle("name") : "")
    expect(await told("--without-all")).toBe(hasNoNames ? idle("without-all") : "")
  })
})

const hooks = ["all", ...toolkitHooks].join(", ")
test.each<[args: readonly string[], problem: string]>([
  [["word"], 'unexpected "word"'],
  [["word", "other"], 'unexpected "word"'],
  [["--output="], "a file's name is not empty"],
  [["--format=toml"], 'unknown format "toml", known: yaml, json'],
  [["--mode=other"], `unknown mode "other", known: ${specModes.join(", ")}`],
  [["--kind=gpu"], '--kind is VENDOR/CLASS, and "gpu" cannot be one: invalid vendor. empty name'],
  [
    ["--kind=v/gpu"],
    '--kind is VENDOR/CLASS, and "v/gpu" cannot be one: invalid vendor. "v" has one letter, and engines with CDI 1.1.0 and older crash on it',
  ],
  [
    ["--kind=example.com/g"],
    '--kind is VENDOR/CLASS, and "example.com/g" cannot be one: invalid class. "g" has one letter, and engines with CDI 1.1.0 and older crash on it',
  ],
  [["--device", ","], "--device names nothing"],
  [["--name="], "--name names nothing"],
  [["--for-engine="], "--for-engine names nothing"],
  [["--name=serial"], 'unknown way of naming "serial", known: index, type-index, uuid, pci'],
  [["--device=", "--name="], "--device names nothing"],
  [["--name=uuid,serial,place"], 'unknown way of naming "serial", known: index, type-index, uuid, pci'],
  [["--hooks=many"], 'unknown shape of hooks "many", known: one, separate'],
  ...["", "hk", "./hk"].map((path): [readonly string[], string] => [
    [`--hook-path=${path}`],
    `the hook's program ${JSON.stringify(path)} is not absolute: engines run it from other directories`,
  ]),
  [["--disable-hook=all,chown,chgrp"], `unknown hook "chown", known: ${hooks}`],
  [["--edits=/nowhere.yaml"], "CdiFileUnreadable"],
])("%j is wrong usage: %s", async (args, problem) => {
  expect(await problemOf(...args)).toBe(problem)
})

test.each([
  ["lxd", "unknown engine"],
  ["podman@latest", "names no release of podman"],
  ["docker@0.0.0-20250801010039-1a2b3c4", "names no release of docker"],
  ["podman,lxd", "unknown engine"],
])("--for-engine=%s: %s", async (said, problem) => {
  expect(await problemOf(`--for-engine=${said}`)).toContain(problem)
})
