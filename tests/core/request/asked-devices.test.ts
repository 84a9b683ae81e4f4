import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { askedDevices, needSpecifications } from "../../../src/core/request/asked-devices.ts"
import type { InjectionMode } from "../../../src/core/request/injection-mode.ts"
import { parseConfig } from "../../../src/core/request/parse-config.ts"

function ask(devices: readonly string[], mode: InjectionMode, kind?: string): readonly string[] {
  const text = kind === undefined ? "" : `[nvidia-container-runtime.modes.cdi]\ndefault-kind = "${kind}"\n`
  const parsed = parseConfig(text, undefined)
  if (!parsed.ok) throw new Error(text)
  return askedDevices({ devices }, mode, parsed.value.config).map((one) =>
    one.from === "machine" ? `machine ${one.selector}` : `${one.from} ${one.name} (${one.selector})`,
  )
}

describe("who knows a device that is asked for", () => {
  test.each<[what: string, devices: readonly string[], mode: InjectionMode, asked: readonly string[]]>([
    ["mode legacy knows no specifications", ["0", "v.com/c=x"], "legacy", ["machine 0", "machine v.com/c=x"]],
    ["another kind is a specification's", ["v.com/c=x"], "jit-cdi", ["specification v.com/c=x (v.com/c=x)"]],
    [
      "also one that is not a qualified name",
      ["v.com/c=", "/=x"],
      "jit-cdi",
      ["specification v.com/c= (v.com/c=)", "specification /=x (/=x)"],
    ],
    [
      "without a kind it is the machine's",
      ["0", "a100", "GPU-1"],
      "jit-cdi",
      ["machine 0", "machine a100", "machine GPU-1"],
    ],
    [
      "the kind that is made at a start is the machine's",
      ["runtime.nvidia.com/gpu=x"],
      "cdi",
      ["machine runtime.nvidia.com/gpu=x"],
    ],
    [
      "what looks like a GPU is the machine's first",
      [
        "nvidia.com/gpu=0",
        "nvidia.com/gpu=1:2",
        "nvidia.com/gpu=MIG-12",
        "nvidia.com/gpu=0000:3b:00.0",
        "nvidia.com/gpu=all",
        "nvidia.com/gpu=none",
      ],
      "jit-cdi",
      [
        "machineFirst nvidia.com/gpu=0 (nvidia.com/gpu=0)",
        "machineFirst nvidia.com/gpu=1:2 (nvidia.com/gpu=1:2)",
        "machineFirst nvidia.com/gpu=MIG-12 (nvidia.com/gpu=MIG-12)",
        "machineFirst nvidia.com/gpu=0000:3b:00.0 (nvidia.com/gpu=0000:3b:00.0)",
        "machineFirst nvidia.com/gpu=all (nvidia.com/gpu=all)",
        "machineFirst nvidia.com/gpu=none (nvidia.com/gpu=none)",
      ],
    ],
    [
      "any other name is a specification's first",
      ["nvidia.com/gpu=a100"],
      "jit-cdi",
      ["specificationFirst nvidia.com/gpu=a100 (nvidia.com/gpu=a100)"],
    ],
    [
      "in mode cdi also without its kind",
      ["team-a", "0"],
      "cdi",
      ["specificationFirst nvidia.com/gpu=team-a (team-a)", "machineFirst nvidia.com/gpu=0 (0)"],
    ],
    [
      "holes are nothing, and a name counts once",
      ["", "team-a", "nvidia.com/gpu=team-a", "1", "1"],
      "cdi",
      ["specificationFirst nvidia.com/gpu=team-a (team-a)", "machineFirst nvidia.com/gpu=1 (1)"],
    ],
    ["no device is the machine's affair", [], "jit-cdi", []],
    [
      "in mode cdi the machine's first, and a specification's else",
      [],
      "cdi",
      ["machineFirst nvidia.com/gpu=none (nvidia.com/gpu=none)"],
    ],
  ])("%s", (_, devices, mode, asked) => {
    expect(ask(devices, mode)).toEqual([...asked])
  })

  test("a default kind counts in mode cdi, and no device is then one of that kind", () => {
    expect(ask(["0"], "cdi", "amd.com/gpu")).toEqual(["specification amd.com/gpu=0 (0)"])
    expect(ask([], "cdi", "amd.com/gpu")).toEqual(["specification amd.com/gpu=none (amd.com/gpu=none)"])
    expect(ask(["0"], "jit-cdi", "amd.com/gpu")).toEqual(["machine 0"])
    expect(ask([], "jit-cdi", "amd.com/gpu")).toEqual([])
    expect(ask(["0"], "cdi", "runtime.nvidia.com/gpu")).toEqual(["machine 0"])
    expect(ask([], "cdi", "runtime.nvidia.com/gpu")).toEqual(["machine runtime.nvidia.com/gpu=none"])
  })

  test("an empty default kind is the default", () => {
    expect(ask(["0", "a"], "cdi", "")).toEqual(ask(["0", "a"], "cdi"))
    expect(ask([], "cdi", "")).toEqual(ask([], "cdi"))
  })

  test("whatever is asked for, each is somebody's, and mode legacy reads nothing", () => {
    const parsed = parseConfig("", undefined)
    if (!parsed.ok) throw new Error("no configuration")
    const { config } = parsed.value
    const name = fc.oneof(
      fc.string(),
      fc.string().map((text) => `nvidia.com/gpu=${text}`),
      fc.string().map((text) => `v/c=${text}`),
    )
    fc.assert(
      fc.property(
        fc.array(name),
        fc.constantFrom("legacy", "jit-cdi", "cdi"),
        (devices, mode: InjectionMode) => {
          const asked = askedDevices({ devices }, mode, config)
          const named = devices.length === 0 && mode === "cdi" ? ["nvidia.com/gpu=none"] : devices
          const wanted = new Set(named.filter((one) => one !== ""))
          expect(asked.every(({ selector }) => wanted.has(selector))).toBe(true)
          expect(asked.length > 0).toBe(wanted.size > 0)
          if (mode === "legacy") expect(needSpecifications(asked)).toBe(false)
        },
      ),
    )
  })
})
