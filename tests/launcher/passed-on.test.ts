import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { createRandom } from "../../fuzz/random.ts"
import { openScanLibrary } from "../../fuzz/scan-library.ts"
import { composePassedOn, judgePassedOn, passedOn } from "../../fuzz/targets/passed-on.ts"
import { ok } from "../../src/core/fault/result.ts"
import { decide } from "../../src/core/plan/decide.ts"
import { readRuntimeEdits } from "../vectors/runtime-edit.ts"

const library = openScanLibrary()
const suite = library === undefined ? describe.skip : describe
const everyConfig = [0, 1, 2, 3, 4, 5]

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
    profile: undefined,
    mode: "jit-cdi",
    readConfig: () => ok(""),
    readState: () => ok('{"pid": 42, "bundle": "/bundle"}'),
    readSpec: () => ok(Buffer.from(spec).toString("utf8")),
    isTegra: () => false,
    injector: "native",
  }).kind === "gpu"

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
    profile: undefined,
    mode: "jit-cdi",
    readConfig: () => ok(""),
    readState: () => ok('{"pid": 42, "bundle": "/bundle"}'),
    readSpec: () => ok(Buffer.from(spec("B=c")).toString("utf8")),
    isTegra: () => false,
    injector: "native",
  })
  expect(decision.kind).toBe("nothing")
})
