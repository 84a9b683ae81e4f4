/**
 * What the vendor's management library told, as plain data: it is asked in a child process, kept in a cache and in recordings.
 * Only what files cannot tell is taken from it. Read back with care: whoever wrote the text may have been killed half-way.
 */

export interface NvmlMigDevice {
  /** Its slot: NVML's order. */
  readonly slot: number
  readonly uuid: string | undefined
  readonly gpuInstance: number
  readonly computeInstance: number
  /** `1g.10gb`, `1c.2g.10gb`, `1g.5gb+gfx`. */
  readonly profile: string | undefined
}

export interface NvmlGpu {
  readonly index: number
  /** As in /proc/driver/nvidia/gpus; undefined: not told. */
  readonly pciAddress: string | undefined
  readonly minor: number | undefined
  readonly uuid: string | undefined
  readonly name: string | undefined
  /** The reference's name for the brand. */
  readonly brand: string | undefined
  readonly computeCapability: string | undefined
  /** Enabled now. */
  readonly isMigEnabled: boolean | undefined
  readonly migDevices: readonly NvmlMigDevice[]
  /** What the library said when it was asked for this GPU and refused. */
  readonly problem: string | undefined
}

export interface NvmlReport {
  readonly version: 1
  /** The library's file. */
  readonly library: string
  readonly driverVersion: string | undefined
  /** `13.0`. */
  readonly cudaVersion: string | undefined
  /** Order: NVML's. */
  readonly gpus: readonly NvmlGpu[]
  /** Functions that this library lacks. Order: as asked. */
  readonly missingSymbols: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isText = (value: unknown): boolean => value === undefined || typeof value === "string"
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const isMaybeCount = (value: unknown): boolean => value === undefined || isCount(value)

/** undefined: the value is no report. */
export function readNvmlReport(value: unknown): NvmlReport | undefined {
  if (!isFields(value) || value["version"] !== 1 || typeof value["library"] !== "string") return undefined
  const { driverVersion, cudaVersion, gpus, missingSymbols } = value
  const isWhole =
    isText(driverVersion) &&
    isText(cudaVersion) &&
    Array.isArray(missingSymbols) &&
    missingSymbols.length <= 1024 &&
    missingSymbols.every((name) => typeof name === "string") &&
    Array.isArray(gpus) &&
    gpus.length <= 1024 &&
    gpus.every(isGpu)
  return isWhole ? (value as unknown as NvmlReport) : undefined
}

const isGpu = (value: unknown): boolean =>
  isFields(value) &&
  isCount(value["index"]) &&
  isMaybeCount(value["minor"]) &&
  ["pciAddress", "uuid", "name", "brand", "computeCapability", "problem"].every((key) =>
    isText(value[key]),
  ) &&
  (value["isMigEnabled"] === undefined || typeof value["isMigEnabled"] === "boolean") &&
  Array.isArray(value["migDevices"]) &&
  value["migDevices"].length <= 128 &&
  value["migDevices"].every(isMigDevice)

const isMigDevice = (value: unknown): boolean =>
  isFields(value) &&
  ["slot", "gpuInstance", "computeInstance"].every((key) => isCount(value[key])) &&
  isText(value["uuid"]) &&
  isText(value["profile"])
