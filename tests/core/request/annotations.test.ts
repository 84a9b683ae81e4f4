import { describe, expect, test } from "bun:test"
import { ok } from "../../../src/core/fault/result.ts"
import { type Decision, decide } from "../../../src/core/plan/decide.ts"
import type { InjectionMode } from "../../../src/core/request/injection-mode.ts"
import { parseConfig } from "../../../src/core/request/parse-config.ts"

interface Case {
  readonly mode: InjectionMode
  readonly annotations: unknown
  readonly config?: string
  readonly env?: readonly string[]
  readonly mounts?: readonly object[]
}

const judge = ({ mode, annotations, config = "", env = [], mounts = [] }: Case): Decision =>
  decide({
    mode,
    readConfig: () => parseConfig(config, undefined),
    readState: () => ok('{"bundle": "/bundle"}'),
    readSpec: () =>
      ok(JSON.stringify({ ociVersion: "1.0.2", annotations, process: { env }, root: { path: "r" }, mounts })),
    injector: undefined,
    isTegra: () => false,
  })

const devicesOf = (one: Case): readonly string[] | "nothing" | "refuse" | "off" => {
  const decision = judge(one)
  return decision.kind === "gpu" ? decision.request.devices : decision.kind
}

const two = { "cdi.k8s.io/x": "nvidia.com/gpu=2" }
const zero = ["NVIDIA_VISIBLE_DEVICES=0:0"]
const explicit = '[nvidia-container-runtime]\nmode = "jit-cdi"\n'
const prefixes = (list: string): string =>
  `[nvidia-container-runtime.modes.cdi]\nannotation-prefixes = ${list}\n`

describe("devices asked for by annotations", () => {
  test.each<[what: string, input: Case, devices: readonly string[] | "nothing"]>([
    ["mode cdi looks at them", { mode: "cdi", annotations: two }, ["nvidia.com/gpu=2"]],
    ["they win over variables", { mode: "cdi", annotations: two, env: zero }, ["nvidia.com/gpu=2"]],
    [
      "they win over mounts",
      {
        mode: "cdi",
        annotations: two,
        config: "accept-nvidia-visible-devices-as-volume-mounts = true\n",
        mounts: [{ source: "/dev/null", destination: "/var/run/nvidia-container-devices/1" }],
      },
      ["nvidia.com/gpu=2"],
    ],
    [
      "nobody asks for privilege",
      {
        mode: "cdi",
        annotations: two,
        config: "accept-nvidia-visible-devices-envvar-when-unprivileged = false\n",
      },
      ["nvidia.com/gpu=2"],
    ],
    [
      "blanks around a name mean nothing",
      {
        mode: "jit-cdi",
        annotations: { "cdi.k8s.io/a": " nvidia.com/gpu=1 ,nvidia.com/gpu=0\t" },
        env: zero,
      },
      ["nvidia.com/gpu=1", "nvidia.com/gpu=0"],
    ],
    [
      "names of all keys, in order of keys, split at commas",
      {
        mode: "cdi",
        annotations: {
          "cdi.k8s.io/b": "nvidia.com/gpu=3",
          "cdi.k8s.io/a": "nvidia.com/gpu=1,nvidia.com/gpu=0",
        },
      },
      ["nvidia.com/gpu=1", "nvidia.com/gpu=0", "nvidia.com/gpu=3"],
    ],
    [
      "other keys say nothing",
      { mode: "cdi", annotations: { "example.com/x": "nvidia.com/gpu=2" } },
      "nothing",
    ],
    [
      "prefixes are the configuration's",
      { mode: "cdi", annotations: { ...two, "own/x": "nvidia.com/gpu=1" }, config: prefixes('["own/"]') },
      ["nvidia.com/gpu=1"],
    ],
    ["no prefix, no annotation", { mode: "cdi", annotations: two, config: prefixes("[]") }, "nothing"],
    [
      "an empty one asks for nothing",
      { mode: "cdi", annotations: { "cdi.k8s.io/x": "" }, env: zero },
      ["0:0"],
    ],
    [
      "what is no text is the runtime's affair",
      { mode: "cdi", annotations: { "cdi.k8s.io/x": 1 } },
      "nothing",
    ],
    ["nor is what is no object", { mode: "cdi", annotations: ["cdi.k8s.io/x"] }, "nothing"],
    ["auto looks at CDI names", { mode: "jit-cdi", annotations: two, env: zero }, ["nvidia.com/gpu=2"]],
    [
      "auto looks at nothing when one is no CDI name",
      { mode: "jit-cdi", annotations: { ...two, "cdi.k8s.io/y": "2" }, env: zero },
      ["0:0"],
    ],
    ["jit-cdi by name does not", { mode: "jit-cdi", annotations: two, config: explicit, env: zero }, ["0:0"]],
    [
      "another vendor's device is the engine's to serve",
      { mode: "cdi", annotations: { ...two, "cdi.k8s.io/nic": "vendor.com/nic=eth0" } },
      ["nvidia.com/gpu=2"],
    ],
    [
      "where only others are named, variables decide",
      { mode: "cdi", annotations: { "cdi.k8s.io/nic": "vendor.com/nic=eth0" }, env: zero },
      ["0:0"],
    ],
    [
      "a name that is no CDI name is of the default kind",
      { mode: "cdi", annotations: { "cdi.k8s.io/x": "1,vendor.com/nic=eth0" } },
      ["1"],
    ],
    ["the hook does not", { mode: "legacy", annotations: two, env: zero }, ["0:0"]],
  ])("%s", (_, input, devices) => expect(devicesOf(input)).toEqual(devices))

  test("the reason names key and value", () => {
    const { log } = judge({ mode: "cdi", annotations: two })
    expect(log.reasons[0]).toEqual({
      id: "devices.annotation",
      rule: "devices.annotation",
      evidence: [{ from: "annotation", key: "cdi.k8s.io/x", value: "nvidia.com/gpu=2" }],
      outcome: "annotations ask for nvidia.com/gpu=2",
    })
  })

  test("what is not looked at is told with the mode that does not", () => {
    const { log } = judge({ mode: "jit-cdi", annotations: two, config: explicit, env: zero })
    expect(log.reasons[0]?.outcome).toBe("annotations are not looked at: mode jit-cdi has none")
    expect(log.reasons[0]?.evidence.at(-1)).toEqual({
      from: "config",
      key: "nvidia-container-runtime.mode",
      value: "jit-cdi",
      line: 2,
    })
  })
})
