import { describe, expect, test } from "bun:test"
import { copyFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { NvmlReport } from "../../src/core/inventory/nvml-report.ts"
import { compiler, type GeneratedOptions, makeMachine } from "../host/simulate/generated.ts"
import { temporaryDirectory } from "../temporary-directory.ts"

const work = temporaryDirectory("nvml-test")
const machine = join(work, "machine")
const library = join(work, "libnvidia-ml.so.1")

const main = join(import.meta.dir, "../../src/main.ts")

/** What the child that asks NVML prints, and how it ends. */
function observe(path: string) {
  const child = Bun.spawnSync([process.execPath, main, "observe-nvml", path], {
    stdout: "pipe",
    stderr: "pipe",
  })
  const text = new TextDecoder().decode(child.stdout)
  return { text, exitCode: child.exitCode, signal: child.signalCode }
}

function build(options: GeneratedOptions): void {
  const { driverVersion = "550.163.01" } = options
  const state = makeMachine(machine, { ...options, hasNvml: true })
  if (state !== "built") throw new Error(state)
  copyFileSync(join(machine, `usr/lib/x86_64-linux-gnu/libnvidia-ml.so.${driverVersion}`), library)
}

function reportOf(options: GeneratedOptions): NvmlReport {
  build(options)
  const answer = JSON.parse(observe(library).text)
  expect(answer.kind).toBe("report")
  return answer.report
}

const missing = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `nvml-missing-symbol:${name}`)
const layout = "0:1/0=3g.20gb,0:2/0=2g.10gb,0:2/1=1c.2g.10gb,1:0/0=7g.40gb,1:5/0=1g.5gb+gfx"

test.each([
  ["that is not there", undefined, "no such file"],
  ["that is no ELF file", "text", "text"],
])("a library %s: the child says so and ends well", (_what, content, problem) => {
  rmSync(library, { force: true })
  if (content !== undefined) writeFileSync(library, content)
  const { text, exitCode } = observe(library)
  const answer = JSON.parse(text)
  expect([answer.kind, answer.step, exitCode]).toEqual(["failed", "load", 0])
  if (content === undefined) expect(answer.problem).toBe(problem)
})

describe.skipIf(compiler === null)("a library that answers (missing: a C compiler)", () => {
  test.each([0, 1, 8, 64])("%d GPUs, each with address, minor and UUID of its own", (count) => {
    const { gpus, driverVersion, cudaVersion, missingSymbols } = reportOf({ gpus: count, model: "h100" })
    expect(gpus).toHaveLength(count)
    expect(new Set(gpus.map(({ uuid }) => uuid)).size).toBe(count)
    expect(gpus.map(({ minor }) => minor)).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(gpus.every(({ pciAddress }) => /^[0-9a-f]{4}:[0-9a-f]{2}:00\.0$/.test(pciAddress ?? ""))).toBe(
      true,
    )
    expect([driverVersion, cudaVersion, missingSymbols]).toEqual(["550.163.01", "12.4", []])
  })

  test.each([
    ["v100", "Tesla V100-SXM2-32GB", "Tesla", "7.0"],
    ["t4", "Tesla T4", "Nvidia", "7.5"],
    ["rtx4090", "NVIDIA GeForce RTX 4090", "GeForce", "8.9"],
    ["h100", "NVIDIA H100 80GB HBM3", "Nvidia", "9.0"],
    ["gb200", "NVIDIA GB200", "Nvidia", "10.0"],
  ])("a %s tells its name, brand and compute capability", (model, name, brand, computeCapability) => {
    expect(reportOf({ gpus: 1, model }).gpus[0]).toMatchObject({ name, brand, computeCapability })
  })

  test.each([
    ["470.57.02", "11.4"],
    ["580.65.06", "13.0"],
  ])("driver %s tells CUDA %s", (version, cuda) => {
    const { driverVersion, cudaVersion } = reportOf({ gpus: 1, driverVersion: version })
    expect([driverVersion, cudaVersion]).toEqual([version, cuda])
  })

  test("MIG devices by GPU, with instances, profiles and UUIDs", () => {
    const { gpus } = reportOf({ gpus: 3, mig: layout })
    const told = gpus.map(({ migDevices }) =>
      migDevices.map((one) => [one.slot, one.gpuInstance, one.computeInstance, one.profile]),
    )
    expect(told).toEqual([
      [
        [0, 1, 0, "3g.20gb"],
        [1, 2, 0, "2g.10gb"],
        [2, 2, 1, "1c.2g.10gb"],
      ],
      [
        [0, 0, 0, "7g.40gb"],
        [1, 5, 0, "1g.5gb+gfx"],
      ],
      [],
    ])
    expect(gpus.map(({ isMigEnabled }) => isMigEnabled)).toEqual([true, true, false])
    const uuids = gpus.flatMap(({ migDevices }) => migDevices.map(({ uuid }) => uuid))
    expect(new Set(uuids).size).toBe(5)
    expect(uuids.every((uuid) => /^MIG-[0-9a-f-]{36}$/.test(uuid ?? ""))).toBe(true)
  })

  test("an empty place between MIG devices is walked over", () => {
    const { gpus } = reportOf({ gpus: 2, mig: layout, defects: ["nvml-mig-gap:0"] })
    expect(gpus[0]?.migDevices.map(({ slot, profile }) => [slot, profile])).toEqual([
      [0, "3g.20gb"],
      [2, "2g.10gb"],
      [3, "1c.2g.10gb"],
    ])
  })

  test("a library that does not name MIG devices: the profile is put together from what they have", () => {
    const { gpus } = reportOf({ gpus: 2, mig: layout, defects: missing("nvmlDeviceGetName") })
    const profiles = gpus.flatMap(({ migDevices }) => migDevices.map(({ profile }) => profile))
    // What an extension is (`+gfx`) stands nowhere but in the name.
    expect(profiles).toEqual(["3g.20gb", "2g.10gb", "1c.2g.10gb", "7g.40gb", "1g.5gb"])
  })

  test("GPUs that cannot be cut say nothing of MIG", () => {
    expect(reportOf({ gpus: 1, model: "t4" }).gpus[0]?.isMigEnabled).toBeUndefined()
  })

  const versioned = [
    "nvmlInit_v2",
    "nvmlSystemGetCudaDriverVersion_v2",
    "nvmlDeviceGetCount_v2",
    "nvmlDeviceGetHandleByIndex_v2",
    "nvmlDeviceGetPciInfo_v3",
    "nvmlDeviceGetAttributes_v2",
  ]
  test("a library of old tells the same under the old names, and lacks nothing", () => {
    const options = { gpus: 2, mig: layout }
    const modern = reportOf(options)
    const defects = missing(...versioned, "nvmlDeviceGetPciInfo_v2")
    expect(reportOf({ ...options, defects })).toEqual(modern)
    expect(reportOf({ ...options, defects: missing("nvmlDeviceGetPciInfo_v3") })).toEqual(modern)
  })

  test.each([
    ["nvmlDeviceGetMigDeviceHandleByIndex", ["nvmlDeviceGetMigDeviceHandleByIndex"]],
    ["nvmlDeviceGetBrand", ["nvmlDeviceGetBrand"]],
    ["nvmlSystemGetDriverVersion", ["nvmlSystemGetDriverVersion"]],
    ["nvmlShutdown", ["nvmlShutdown"]],
  ])("without %s the rest is told, and what is missing is named", (name, names) => {
    const { gpus, missingSymbols } = reportOf({ gpus: 2, mig: layout, defects: missing(name) })
    expect(missingSymbols).toEqual(names)
    expect(gpus.map(({ uuid }) => uuid?.slice(0, 4))).toEqual(["GPU-", "GPU-"])
  })

  test("a GPU that is lost is named with what is wrong; the others are told", () => {
    const { gpus } = reportOf({ gpus: 3, defects: ["nvml-gpu-lost:1"] })
    expect(gpus.map(({ problem }) => problem)).toEqual([undefined, "gpu is lost (15)", undefined])
    expect(gpus.map(({ uuid }) => uuid !== undefined)).toEqual([true, false, true])
  })

  test.each([
    ["nvml-error:9", "initialise", "driver not loaded (9)"],
    ["nvml-error:18", "initialise", "driver/library version mismatch (18)"],
    ["nvml-error:77", "initialise", "error (77)"],
  ])("%s is said as NVML says it", (defect, step, problem) => {
    build({ gpus: 1, defects: [defect] })
    const answer = JSON.parse(observe(library).text)
    expect([answer.step, answer.problem]).toEqual([step, problem])
  })

  test("a library that counts under no name is no use, and it is said what it lacks", () => {
    build({ gpus: 1, defects: missing("nvmlDeviceGetCount", "nvmlDeviceGetCount_v2") })
    const { kind, step, problem } = JSON.parse(observe(library).text)
    expect([kind, step, problem]).toEqual(["failed", "ask", "it does not tell how many GPUs there are"])
  })

  test("a library that crashes takes the child with it, and nobody else", () => {
    build({ gpus: 1, defects: ["nvml-crashes"] })
    const { text, signal } = observe(library)
    expect(text).toBe("")
    expect(signal).toBeDefined()
  })
})
