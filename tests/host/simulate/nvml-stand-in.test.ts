import { dlopen, FFIType, ptr, toArrayBuffer } from "bun:ffi"
import { describe, expect, test } from "bun:test"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryDirectory } from "../../temporary-directory.ts"
import { compiler, type GeneratedOptions, makeMachine } from "./generated.ts"

const work = temporaryDirectory("stand-in")

type Argument = number | bigint | Uint8Array
type Call = (name: string, ...args: readonly Argument[]) => number

let count = 0
/** The library of a machine, under a name of its own: one that is open is not opened again. */
function open(options: GeneratedOptions): Call {
  const machine = join(work, "machine")
  const state = makeMachine(machine, { ...options, hasNvml: true })
  if (state !== "built") throw new Error(state)
  const library = join(work, `libnvidia-ml-${count++}.so`)
  copyFileSync(join(machine, "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01"), library)
  return (name, ...args) => {
    const types = args.map(() => FFIType.u64)
    const opened = dlopen(library, { [name]: { args: types, returns: FFIType.i32 } })
    const call = opened.symbols[name] as unknown as (...given: readonly (number | bigint)[]) => number
    return call(...args.map((one) => (one instanceof Uint8Array ? ptr(one) : one)))
  }
}

function started(options: GeneratedOptions): Call {
  const call = open(options)
  expect(call("nvmlInit_v2")).toBe(0)
  return call
}

const room = (sizeBytes = 256): Uint8Array => new Uint8Array(sizeBytes)
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer)
const word = (bytes: Uint8Array, index: number): number => view(bytes).getUint32(index * 4, true)
const handleIn = (bytes: Uint8Array): bigint => view(bytes).getBigUint64(0, true)
const textIn = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)))

function handle(call: Call, name: string, ...args: readonly Argument[]): bigint {
  const out = room()
  expect([name, call(name, ...args, out)]).toEqual([name, 0])
  return handleIn(out)
}
const gpuOf = (call: Call, index: number): bigint => handle(call, "nvmlDeviceGetHandleByIndex_v2", index)
function wordOf(call: Call, name: string, ...args: readonly Argument[]): number {
  const out = room()
  expect([name, call(name, ...args, out)]).toEqual([name, 0])
  return word(out, 0)
}

/** As the reference's library for device names does it (go-nvlib, MigDevice.GetProfile), step by step. */
function profileOf(call: Call, device: bigint): string {
  const parent = handle(call, "nvmlDeviceGetDeviceHandleFromMigDeviceHandle", device)
  const memory = room()
  const attributes = room()
  expect(call("nvmlDeviceGetMemoryInfo", parent, memory)).toBe(0)
  expect(call("nvmlDeviceGetAttributes_v2", device, attributes)).toBe(0)
  const gpuInstanceId = wordOf(call, "nvmlDeviceGetGpuInstanceId", device)
  const computeInstanceId = wordOf(call, "nvmlDeviceGetComputeInstanceId", device)
  const gpuInstance = handle(call, "nvmlDeviceGetGpuInstanceById", parent, gpuInstanceId)
  const computeInstance = handle(
    call,
    "nvmlGpuInstanceGetComputeInstanceById",
    gpuInstance,
    computeInstanceId,
  )
  const gpuInfo = room()
  const computeInfo = room()
  expect(call("nvmlGpuInstanceGetInfo", gpuInstance, gpuInfo)).toBe(0)
  expect(call("nvmlComputeInstanceGetInfo_v2", computeInstance, computeInfo)).toBe(0)
  expect([handleIn(gpuInfo), handleIn(computeInfo)]).toEqual([parent, parent])
  expect([word(gpuInfo, 2), word(computeInfo, 4)]).toEqual([gpuInstanceId, computeInstanceId])
  const [gpuSlices, computeSlices, total] = [1, 2, 3, 4, 7, 8, 6, 1, 2, 1, 1, 2, 4, 1, 2, 1, 2, 3].flatMap(
    (slices, profile) => {
      const info = room()
      const status = call("nvmlDeviceGetGpuInstanceProfileInfo", parent, profile, info)
      expect([0, 3]).toContain(status)
      if (status !== 0 || word(info, 0) !== word(gpuInfo, 3)) return []
      return [1, 2, 3, 4, 7, 8, 6].flatMap((compute, number) => {
        const shown = room()
        const name = "nvmlGpuInstanceGetComputeInstanceProfileInfo"
        if (call(name, gpuInstance, number, 0, shown) !== 0 || word(shown, 0) !== word(computeInfo, 5))
          return []
        return [slices, compute, Number(view(memory).getBigUint64(0, true))]
      })
    },
  ) as [number, number, number]
  const megabytes = Number(view(attributes).getBigUint64(32, true))
  const part = Math.ceil(((megabytes * 2 ** 20) / total) * 8) / 8
  const gigabytes = Math.round(part * Math.ceil(total / 2 ** 30))
  return `${computeSlices === gpuSlices ? "" : `${computeSlices}c.`}${gpuSlices}g.${gigabytes}gb`
}

function migDevices(call: Call, index: number): readonly bigint[] {
  const gpu = gpuOf(call, index)
  const slots = wordOf(call, "nvmlDeviceGetMaxMigDeviceCount", gpu)
  return Array.from({ length: slots }, (_, slot) => slot).flatMap((slot) => {
    const out = room()
    const status = call("nvmlDeviceGetMigDeviceHandleByIndex", gpu, slot, out)
    expect([0, 6]).toContain(status)
    return status === 0 ? [handleIn(out)] : []
  })
}

describe.skipIf(compiler === null)("the stand-in for NVML (missing: a C compiler)", () => {
  test.each([
    ["a100", ["1g.5gb", "1g.10gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb", "1c.3g.20gb"]],
    ["a100-80gb", ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"]],
    ["a30", ["1g.6gb", "2g.12gb", "4g.24gb", "2c.4g.24gb"]],
    ["h100", ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"]],
    ["h200", ["1g.18gb", "2g.35gb", "3g.71gb", "7g.141gb"]],
    ["b200", ["1g.23gb", "1g.45gb", "2g.45gb", "3g.90gb", "7g.180gb"]],
    ["gb200", ["1g.23gb", "2g.47gb", "3g.93gb", "7g.186gb"]],
  ])("on a %s every profile is told so that the reference puts its name together", (model, profiles) => {
    const mig = profiles.map((profile, gpu) => `${gpu}:${profile}`).join(",")
    const call = started({ model, gpus: profiles.length, mig })
    const told = profiles.map((_, gpu) => migDevices(call, gpu).map((device) => profileOf(call, device)))
    expect(told).toEqual(profiles.map((profile) => [profile]))
  })

  test("profiles with media and graphics extensions are numbers of their own", () => {
    const mig = "0:1g.5gb,0:1g.5gb+me,0:1g.5gb+gfx,0:1g.5gb-me,0:2g.10gb+gfx"
    const call = started({ gpus: 1, mig })
    const numbers = migDevices(call, 0).map((device) => {
      const id = wordOf(call, "nvmlDeviceGetGpuInstanceId", device)
      const info = room()
      call("nvmlGpuInstanceGetInfo", handle(call, "nvmlDeviceGetGpuInstanceById", gpuOf(call, 0), id), info)
      return word(info, 3)
    })
    expect(new Set(numbers).size).toBe(5)
  })

  test("the index of a MIG device is its slot", () => {
    const call = started({ gpus: 1, mig: "0:1g.5gb,0:1g.5gb,0:1g.5gb", defects: ["nvml-mig-gap:0"] })
    const indices = migDevices(call, 0).map((device) => wordOf(call, "nvmlDeviceGetIndex", device))
    expect(indices).toEqual([0, 2, 3])
  })

  test("what is no handle of its kind is refused", () => {
    const call = started({ gpus: 1, mig: "0:3g.20gb" })
    const [gpu, device] = [gpuOf(call, 0), migDevices(call, 0)[0] ?? 0n]
    for (const name of ["nvmlGpuInstanceGetInfo", "nvmlComputeInstanceGetInfo_v2"])
      expect([gpu, device, 0n, 8n].map((one) => call(name, one, room()))).toEqual([2, 2, 2, 2])
    expect(call("nvmlDeviceGetGpuInstanceById", gpu, 99, room())).toBe(6)
    expect(call("nvmlDeviceGetGpuInstanceById", device, 1, room())).toBe(2)
  })

  test.each([
    ["v100", 2, 5],
    ["t4", 14, 6],
    ["a100", 14, 7],
    ["a10", 14, 7],
    ["rtx4090", 5, 8],
    ["l4", 14, 8],
    ["l40s", 14, 8],
    ["h100", 14, 9],
    ["b200", 14, 10],
  ])("a %s is of NVML's brand %d and architecture %d", (model, brand, architecture) => {
    const call = started({ model, gpus: 1 })
    const gpu = gpuOf(call, 0)
    expect(wordOf(call, "nvmlDeviceGetBrand", gpu)).toBe(brand)
    expect(wordOf(call, "nvmlDeviceGetArchitecture", gpu)).toBe(architecture)
  })

  test.each([
    ["gb200", 2],
    ["h100", 0],
  ])("a %s has the addressing mode %d", (model, mode) => {
    const call = started({ model, gpus: 1 })
    const asked = room()
    expect(call("nvmlDeviceGetAddressingMode", gpuOf(call, 0), asked)).toBe(25)
    view(asked).setUint32(0, (1 << 24) | 8, true)
    expect([call("nvmlDeviceGetAddressingMode", gpuOf(call, 0), asked), word(asked, 1)]).toEqual([0, mode])
  })

  test.each(["excluded-gpu", "dead-gpu"])("%s: NVML passes over it, and numbers the others", (defect) => {
    const call = started({ gpus: 3, mig: "2:3g.20gb", defects: [`${defect}:1`] })
    const count = wordOf(call, "nvmlDeviceGetCount_v2")
    const minors = Array.from({ length: count }, (_, index) => gpuOf(call, index)).map((gpu) => [
      wordOf(call, "nvmlDeviceGetIndex", gpu),
      wordOf(call, "nvmlDeviceGetMinorNumber", gpu),
    ])
    expect(minors).toEqual([
      [0, 0],
      [1, 2],
    ])
    expect([0, 1].map((index) => migDevices(call, index).length)).toEqual([0, 1])
  })

  test("nvml-mig-pending: MIG is on, and off after the next reset", () => {
    const call = started({ gpus: 2, mig: "0:3g.20gb,1:3g.20gb", defects: ["nvml-mig-pending:1"] })
    const modes = [0, 1].map((index) => {
      const [current, pending] = [room(), room()]
      expect(call("nvmlDeviceGetMigMode", gpuOf(call, index), current, pending)).toBe(0)
      return [word(current, 0), word(pending, 0)]
    })
    expect(modes).toEqual([
      [1, 1],
      [1, 0],
    ])
    expect(migDevices(call, 1)).toHaveLength(1)
  })

  test("version-mismatch: the library refuses to start, and nothing works without it", () => {
    const call = open({ gpus: 1, driverVersion: "550.163.01", defects: ["version-mismatch"] })
    expect([call("nvmlInit_v2"), call("nvmlInit"), call("nvmlInitWithFlags", 0)]).toEqual([18, 18, 18])
    expect(call("nvmlDeviceGetCount_v2", room())).toBe(1)
    expect(call("nvmlSystemGetNVMLVersion", room(), 80)).toBe(0)
  })

  test("starts are counted: it ends with the last of them", () => {
    const call = started({ gpus: 1 })
    call("nvmlInit_v2")
    expect([call("nvmlShutdown"), call("nvmlDeviceGetCount_v2", room())]).toEqual([0, 0])
    expect([call("nvmlShutdown"), call("nvmlDeviceGetCount_v2", room())]).toEqual([0, 1])
    expect(call("nvmlShutdown")).toBe(1)
  })

  test("nvml-error: every function returns it, and the library says in its words what it means", () => {
    const call = open({ gpus: 1, defects: ["nvml-error:17"] })
    const calls = ["nvmlInit_v2", "nvmlShutdown"].map((name) => call(name))
    expect([...calls, call("nvmlDeviceGetCount_v2", room())]).toEqual([17, 17, 17])
  })

  test("each status of the header has a text", () => {
    const library = join(work, `libnvidia-ml-${count++}.so`)
    makeMachine(join(work, "machine"), { gpus: 1, hasNvml: true })
    copyFileSync(join(work, "machine/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01"), library)
    const { symbols } = dlopen(library, { nvmlErrorString: { args: [FFIType.i32], returns: FFIType.ptr } })
    const textOf = (status: number): string => {
      const at = symbols.nvmlErrorString(status)
      return at === null ? "" : textIn(new Uint8Array(toArrayBuffer(at, 0, 64)))
    }
    const texts = Array.from({ length: 31 }, (_, status) => textOf(status))
    expect(new Set(texts).size).toBe(31)
    expect([0, 9, 15, 17, 18, 31, 999, -1].map(textOf)).toEqual([
      "Success",
      "Driver Not Loaded",
      "GPU is lost",
      "GPU access blocked by the operating system",
      "Driver/library version mismatch",
      "Unknown Error",
      "Unknown Error",
      "Unknown Error",
    ])
  })
})
