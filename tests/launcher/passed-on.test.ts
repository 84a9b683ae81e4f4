import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { createRandom } from "../../fuzz/random.ts"
import { openScanLibrary } from "../../fuzz/scan-library.ts"
import { composePassedOn, configTexts, judgePassedOn, passedOn } from "../../fuzz/targets/passed-on.ts"
import { ok } from "../../src/core/fault/result.ts"
import { decide } from "../../src/core/plan/decide.ts"
import { askedDevices, needSpecifications } from "../../src/core/request/asked-devices.ts"
import { parseConfig } from "../../src/core/request/parse-config.ts"
import { triggerWords } from "../../src/core/request/trigger-words.ts"
import { readRuntimeEdits } from "../vectors/runtime-edit.ts"

const library = openScanLibrary()
const suite = library === undefined ? describe.skip : describe
const everyConfig = configTexts.map((_, index) => index)

suite("the launcher passes on nothing that the program would change (missing: cc)", () => {
  test.each(["2020-07", "1.13", "1.20"])("every vector of %s, under each configuration", (profile) => {
    const packed = readFileSync(join(import.meta.dir, "../vectors/hook", `${profile}.jsonl.gz`))
    const specs = gunzipSync(packed)
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as { readonly spec?: string | null }).spec ?? "")
    const problems = specs.flatMap((spec) =>
      everyConfig.flatMap((choice) => judgePassedOn(choice, new Uint8Array(Buffer.from(spec))) ?? []),
    )
    expect(specs.length).toBeGreaterThan(500)
    expect(problems).toEqual([])
  })

  test("every specification that the reference's wrapper was recorded with, before and after, under each configuration", () => {
    const specs = readRuntimeEdits().flatMap(({ input, output }) => [
      input,
      output === "unchanged" ? input : output,
    ])
    const judge = (choice: number, spec: object): readonly string[] => {
      const problem = judgePassedOn(choice, new Uint8Array(Buffer.from(JSON.stringify(spec))))
      return problem === undefined ? [] : [problem]
    }
    expect(specs.length).toBeGreaterThanOrEqual(200)
    expect(specs.flatMap((spec) => everyConfig.flatMap((choice) => judge(choice, spec)))).toEqual([])
  })

  test("thirty thousand specifications with escapes, odd letters and keys that stand twice", () => {
    const words = ["NVIDIA_", "CUDA_VERSION", "nvidia-container", "cdi.k8s.io/"]
    let [passed, asked] = [0, 0]
    for (let seed = 0; seed < 30_000; seed++) {
      const input = composePassedOn(createRandom(seed))
      const problem = passedOn.check(input)
      if (problem !== undefined) throw new Error(`seed ${seed}: ${problem}`)
      if (library?.hasTrigger(input.subarray(2), words) !== true) passed++
      else if (asksForGpu(input.subarray(2))) asked++
    }
    // Proof that there was something to judge on both sides.
    expect(passed).toBeGreaterThan(3000)
    expect(asked).toBeGreaterThan(3000)
  })
})

const asksForGpu = (spec: Uint8Array): boolean =>
  decide({
    mode: "jit-cdi",
    readConfig: () => parseConfig("", undefined),
    readState: () => ok('{"pid": 42, "bundle": "/bundle"}'),
    readSpec: () => ok(Buffer.from(spec).toString("utf8")),
    injector: undefined,
    isTegra: () => false,
  }).kind === "gpu"

test.each([
  ["a variable", { process: { env: ["NVIDIA_VISIBLE_DEVICES=vendor.com/nic=a"] } }, "jit-cdi"],
  ["Swarm's variable", { process: { env: ["DOCKER_RESOURCE_GPU=vendor.com/nic=a"] } }, "jit-cdi"],
  [
    "a mount",
    {
      mounts: [
        { source: "/dev/null", destination: "/var/run/nvidia-container-devices/cdi/vendor.com/nic/a" },
      ],
    },
    "jit-cdi",
  ],
  ["an annotation", { annotations: { "cdi.k8s.io/x": "nvidia.com/gpu=team-a" } }, "jit-cdi"],
  ["an annotation of a prefix", { annotations: { "gpu.example.com/y": "nvidia.com/gpu=team-a" } }, "cdi"],
] as const)(
  "a device of a specification is asked for by %s: the launcher passes it on to nobody",
  (_, asking, mode) => {
    const config =
      'swarm-resource = "DOCKER_RESOURCE_GPU"\naccept-nvidia-visible-devices-as-volume-mounts = true\n' +
      '[nvidia-container-runtime.modes.cdi]\nannotation-prefixes = ["cdi.k8s.io/", "gpu.example.com/"]\n'
    const parsed = parseConfig(config, undefined)
    const words = parsed.ok ? triggerWords(parsed.value.config) : undefined
    const spec = JSON.stringify({ ociVersion: "1.0.2", process: { env: [] }, root: { path: "r" }, ...asking })
    const decision = decide({
      mode,
      injector: undefined,
      readConfig: () => parseConfig(config, undefined),
      readState: () => ok('{"pid": 42, "bundle": "/bundle"}'),
      readSpec: () => ok(spec),
      isTegra: () => false,
    })
    expect(
      decision.kind === "gpu" && needSpecifications(askedDevices(decision.request, mode, decision.config)),
    ).toBe(true)
    expect(library?.hasTrigger(new Uint8Array(Buffer.from(spec)), words ?? []) ?? true).toBe(true)
  },
)

test("a container that asks for no GPU is not failed by an entry of its environment that says nothing", () => {
  const spec = (entry: string): Uint8Array =>
    new Uint8Array(
      Buffer.from(
        `{"ociVersion":"1.0.2","process":{"env":["A\\u0041","NOTHING",${JSON.stringify(entry)}]},"root":{"path":"r"}}`,
      ),
    )
  expect(asksForGpu(spec("NVIDIA_DRIVER_CAPABILITIES=all"))).toBe(false)
  expect(asksForGpu(spec("NVIDIA_VISIBLE_DEVICES=0"))).toBe(true)
  const decision = decide({
    mode: "jit-cdi",
    readConfig: () => parseConfig("", undefined),
    readState: () => ok('{"pid": 42, "bundle": "/bundle"}'),
    readSpec: () => ok(Buffer.from(spec("B=c")).toString("utf8")),
    injector: undefined,
    isTegra: () => false,
  })
  expect(decision.kind).toBe("nothing")
})
