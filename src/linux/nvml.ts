/**
 * Asks the vendor's management library, through FFI. It runs in a child process of its own (`gantry observe-nvml`): a library that
 * hangs, crashes or ends the process harms nobody. Each function is opened by itself, newest version first, so that one that is
 * missing costs only what it tells. Source: NVML API reference (nvml.h of CUDA 12), functions and struct layouts.
 */

import { ptr } from "bun:ffi"
import type { NvmlGpu, NvmlMigDevice, NvmlReport } from "../core/inventory/nvml-report.ts"
import { type Call, describeStatus, type NvmlSymbols, openNvmlSymbols } from "./nvml-symbols.ts"

export type NvmlAnswer =
  | { readonly kind: "report"; readonly report: NvmlReport }
  | { readonly kind: "failed"; readonly step: "load" | "initialise" | "ask"; readonly problem: string }

const success = 0
const notFound = 6
/** The GPU has fallen off the bus, or must be reset: no answer of it counts any more. */
const gpuFailures: readonly number[] = [15, 16]
const nameBytes = 96
const gpuLimit = 1024
const migLimit = 64

/** NVML's numbers of brands, by the reference's names; all others are `Unknown`. */
const brands: Readonly<Record<number, string>> = {
  1: "Quadro",
  2: "Tesla",
  3: "NVS",
  4: "GRID",
  5: "GeForce",
  6: "TITAN",
  7: "VApps",
  8: "VPC",
  9: "VCS",
  10: "VWS",
  11: "CloudGaming",
  12: "QuadroRTX",
  13: "NvidiaRTX",
  14: "Nvidia",
  15: "GeForceRTX",
  16: "TitanRTX",
}

export function queryNvml(library: string): NvmlAnswer {
  const symbols = openNvmlSymbols(library)
  if (typeof symbols === "string") return { kind: "failed", step: "load", problem: symbols }
  const initialise = symbols.find(0, "nvmlInit_v2", "nvmlInit")
  const shutdown = symbols.find(0, "nvmlShutdown")
  if (initialise === undefined) return { kind: "failed", step: "load", problem: "no nvmlInit_v2" }
  const status = initialise()
  if (status !== success)
    return { kind: "failed", step: "initialise", problem: describeStatus(symbols, status) }
  try {
    return askEverything(library, symbols)
  } finally {
    shutdown?.()
  }
}

/** Buffers whose addresses the library holds for the length of a call. */
const kept: Uint8Array[] = []
function room(sizeBytes: number): {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly at: number
} {
  const bytes = new Uint8Array(Math.max(sizeBytes, 1024))
  kept.push(bytes)
  return { bytes, view: new DataView(bytes.buffer), at: ptr(bytes) }
}

function textIn(bytes: Uint8Array, limit: number): string {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(bytes.subarray(0, end === -1 || end > limit ? limit : end))
}

function askEverything(library: string, symbols: NvmlSymbols): NvmlAnswer {
  /** Of the GPU that is being asked. */
  let failure: number | undefined
  const isAnswered = (call: Call | undefined, ...args: readonly (number | bigint)[]): boolean => {
    const status = call?.(...args)
    if (status !== undefined && gpuFailures.includes(status)) failure ??= status
    return status === success
  }
  const text = (call: Call | undefined, ...before: readonly bigint[]): string | undefined => {
    const { bytes, at } = room(nameBytes)
    return isAnswered(call, ...before, at, nameBytes) ? textIn(bytes, nameBytes) : undefined
  }
  const word = (call: Call | undefined, ...before: readonly (number | bigint)[]): number | undefined => {
    const { view, at } = room(8)
    return isAnswered(call, ...before, at) ? view.getUint32(0, true) : undefined
  }
  const driverVersion = text(symbols.find(2, "nvmlSystemGetDriverVersion"))
  const cuda = word(symbols.find(1, "nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"))
  const count = word(symbols.find(1, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"))
  const byIndex = symbols.find(2, "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex")
  if (count === undefined || byIndex === undefined)
    return { kind: "failed", step: "ask", problem: "it does not tell how many GPUs there are" }
  const calls = {
    minor: symbols.find(2, "nvmlDeviceGetMinorNumber"),
    address: symbols.find(2, "nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", "nvmlDeviceGetPciInfo"),
    uuid: symbols.find(3, "nvmlDeviceGetUUID"),
    name: symbols.find(3, "nvmlDeviceGetName"),
    brand: symbols.find(2, "nvmlDeviceGetBrand"),
    capability: symbols.find(3, "nvmlDeviceGetCudaComputeCapability"),
    migMode: symbols.find(3, "nvmlDeviceGetMigMode"),
    migCount: symbols.find(2, "nvmlDeviceGetMaxMigDeviceCount"),
    migHandle: symbols.find(3, "nvmlDeviceGetMigDeviceHandleByIndex"),
    gpuInstance: symbols.find(2, "nvmlDeviceGetGpuInstanceId"),
    computeInstance: symbols.find(2, "nvmlDeviceGetComputeInstanceId"),
    attributes: symbols.find(2, "nvmlDeviceGetAttributes_v2", "nvmlDeviceGetAttributes"),
  }

  const askMigDevices = (handle: bigint): readonly NvmlMigDevice[] => {
    const devices: NvmlMigDevice[] = []
    const slots = Math.min(word(calls.migCount, handle) ?? 0, migLimit)
    for (let slot = 0; slot < slots; slot++) {
      const { view, at } = room(8)
      const status = calls.migHandle?.(handle, slot, at)
      // A place whose device was destroyed stays empty, and others follow. (The reference stops here and loses those.)
      if (status === notFound) continue
      if (status !== success) break
      const device = view.getBigUint64(0, true)
      const gpuInstance = word(calls.gpuInstance, device)
      const computeInstance = word(calls.computeInstance, device)
      if (gpuInstance === undefined || computeInstance === undefined) continue
      const named = /MIG (\S+)$/.exec(text(calls.name, device) ?? "")?.[1]
      devices.push({
        slot,
        uuid: text(calls.uuid, device),
        gpuInstance,
        computeInstance,
        profile: named ?? profileOf(calls.attributes, device),
      })
    }
    return devices
  }
  const askGpu = (index: number): NvmlGpu => {
    const { view, at } = room(8)
    const status = byIndex(index, at)
    const handle = status === success ? view.getBigUint64(0, true) : undefined
    const capability = room(8)
    const mode = room(8)
    if (handle === undefined)
      return {
        index,
        pciAddress: undefined,
        minor: undefined,
        uuid: undefined,
        name: undefined,
        brand: undefined,
        computeCapability: undefined,
        isMigEnabled: undefined,
        migDevices: [],
        problem: describeStatus(symbols, status),
      }
    failure = undefined
    const hasCapability = isAnswered(calls.capability, handle, capability.at, capability.at + 4)
    const hasMode = isAnswered(calls.migMode, handle, mode.at, mode.at + 4)
    // The mode after the next reset, which follows it, is of no concern to who uses the GPU now.
    const isMigEnabled = hasMode ? mode.view.getUint32(0, true) === 1 : undefined
    const brand = word(calls.brand, handle)
    const gpu = {
      index,
      pciAddress: addressOfGpu(calls.address, handle),
      minor: word(calls.minor, handle),
      uuid: text(calls.uuid, handle),
      name: text(calls.name, handle),
      brand: brand === undefined ? undefined : (brands[brand] ?? "Unknown"),
      computeCapability: hasCapability
        ? `${capability.view.getInt32(0, true)}.${capability.view.getInt32(4, true)}`
        : undefined,
      isMigEnabled,
      migDevices: isMigEnabled === true ? askMigDevices(handle) : [],
    }
    return { ...gpu, problem: failure === undefined ? undefined : describeStatus(symbols, failure) }
  }
  const gpus = Array.from({ length: Math.min(count, gpuLimit) }, (_, index) => askGpu(index))
  const cudaVersion =
    cuda === undefined ? undefined : `${Math.floor(cuda / 1000)}.${Math.floor((cuda % 1000) / 10)}`
  return {
    kind: "report",
    report: { version: 1, library, driverVersion, cudaVersion, gpus, missingSymbols: symbols.missing },
  }
}

/** nvmlPciInfo_t: 16 bytes of text, then domain, bus, device as numbers in every version of the struct. */
function addressOfGpu(call: Call | undefined, handle: bigint): string | undefined {
  const { view, at } = room(256)
  if (call?.(handle, at) !== success) return undefined
  const hex = (offset: number, width: number): string =>
    view.getUint32(offset, true).toString(16).padStart(width, "0")
  return `${hex(16, 4)}:${hex(20, 2)}:${hex(24, 2)}.0`
}

/** From nvmlDeviceAttributes_t: slices of the GPU instance, of the compute instance, memory. For libraries that do not name it. */
function profileOf(call: Call | undefined, device: bigint): string | undefined {
  const { view, at } = room(64)
  if (call?.(device, at) !== success) return undefined
  const [gpuSlices, computeSlices] = [view.getUint32(24, true), view.getUint32(28, true)]
  const memoryGib = Math.ceil(Number(view.getBigUint64(32, true)) / 1024)
  return `${computeSlices === gpuSlices ? "" : `${computeSlices}c.`}${gpuSlices}g.${memoryGib}gb`
}
