/** What a command line of `gantry simulate up` orders: a machine, generated or from a listing, before its defects. */

import { fail, ok, type Result } from "../core/fault/result.ts"
import { readText } from "../host/files/read-text.ts"
import type { DefectiveMachine } from "../host/simulate/defective-machine.ts"
import type { SimulatedArchitecture } from "../host/simulate/driver-files.ts"
import { describeListedMachine, understandListing } from "../host/simulate/listed-machine.ts"
import { parseListing } from "../host/simulate/listing.ts"
import { describeMachine, listGpus, type MachineShape } from "../host/simulate/machine.ts"
import { parseMigLayout, type SimulatedMigDevice } from "../host/simulate/mig-layout.ts"
import { findModel, type GpuModel, models } from "../host/simulate/models.ts"
import type { NvmlDescription } from "../host/simulate/nvml.ts"
import {
  type AmdOrder,
  bareMachine,
  describeVendorGpus,
  type IntelOrder,
  parseAmdOrder,
  parseIntelOrder,
} from "../host/simulate/vendor-machine.ts"
import { uuidFor } from "../host/simulate/write-machine.ts"
import { type Flags, usageFault } from "./flags.ts"

export const simulateShape = {
  program: "gantry simulate",
  usage:
    "gantry simulate up DIR [--gpus N] [--model NAME] [--driver VERSION] [--mig LAYOUT] [--imex N] [--no-drm] [--driver-root DIR] [--arch amd64|arm64] [--compat32] [--amd MODEL[:COUNT[:MODE]]]… [--intel MODEL[:COUNT]]… [--defect NAME[:ARGUMENT]]… [--no-nvml] [--json] | gantry simulate up DIR --from LISTING [--model NAME] [--mig LAYOUT] [--defect NAME[:ARGUMENT]]… [--no-nvml] [--json] | gantry simulate down DIR [--json]",
  valued: ["gpus", "model", "driver", "mig", "imex", "driver-root", "arch", "from", "amd", "intel", "defect"],
  switches: ["json", "no-drm", "compat32", "no-nvml", "help", "h"],
}

/** What a listing says by itself. */
const saidByListing = ["gpus", "driver", "imex", "driver-root", "arch", "amd", "intel", "no-drm", "compat32"]

/** What only a machine with NVIDIA's driver has. */
const saidOfNvidia = ["model", "driver", "mig", "imex", "driver-root", "arch", "no-drm", "compat32"]

/** GPUs of one kind. `note`: the driver's version, or the mode. */
interface GpuList {
  readonly name: string
  readonly product: string
  readonly count: number
  readonly note: string
}

/** A machine before its defects. */
export interface DraftedMachine extends NvmlDescription {
  readonly made: DefectiveMachine["made"]
  /** The first is the machine's model. */
  readonly gpuLists: readonly GpuList[]
}

/** What a generated machine and a listed one are both told. */
interface Asked {
  /** undefined: the generator's own, or what the listing looks like. */
  readonly model: GpuModel | undefined
  readonly layout: readonly SimulatedMigDevice[] | undefined
}

export const misusedSimulate = (problem: string): Result<never> => fail(usageFault(simulateShape, problem))

/** Faults: InputUnreadable, ListingInvalid, UsageInvalid. */
export function draftMachine(flags: Flags): Result<DraftedMachine> {
  const { values, on } = flags
  const modelName = values.get("model")
  const model = modelName === undefined ? undefined : findModel(modelName)
  if (modelName !== undefined && model === undefined)
    return misusedSimulate(`--model takes one of ${models.map(({ name }) => name).join(", ")}`)
  const rawLayout = values.get("mig")
  const layout = rawLayout === undefined ? undefined : parseMigLayout(rawLayout)
  if (rawLayout !== undefined && layout === undefined)
    return misusedSimulate("--mig takes GPU:GI/CI=PROFILE,… such as 0:1/0=3g.20gb,0:2/0=2g.10gb")
  const listing = values.get("from")
  if (listing === undefined) return generateMachine(flags, { model, layout })
  const needless = saidByListing.find((name) => values.has(name) || on.has(name))
  return needless === undefined
    ? listMachine(listing, { model, layout })
    : misusedSimulate(`--${needless} does not go with --from: the listing says it`)
}

/** Faults: UsageInvalid. */
function generateMachine(flags: Flags, asked: Asked): Result<DraftedMachine> {
  const { values, on } = flags
  const others = orderOthers(flags)
  if (!others.ok) return others
  const { amd, intel } = others.value
  const hasNvidia = values.has("gpus") || (amd.length === 0 && intel.length === 0)
  const needless = saidOfNvidia.find((name) => values.has(name) || on.has(name))
  if (!hasNvidia && needless !== undefined)
    return misusedSimulate(`--${needless} is said of NVIDIA's GPUs: say --gpus too`)
  const ordered = orderNvidia(flags, asked)
  if (!ordered.ok) return ordered
  const machine = ordered.value
  const { model, driverVersion, migDevices } = machine
  const gpus = hasNvidia ? listGpus(machine) : []
  return ok({
    model,
    driverVersion: hasNvidia ? driverVersion : "",
    migDevices,
    gpus,
    made: [
      ...(hasNvidia ? describeMachine(machine) : bareMachine),
      ...describeVendorGpus({
        amd,
        intel,
        drmBefore: machine.hasDrm ? gpus.length : 0,
        uniqueIdFor: (name) => uuidFor(name).replaceAll("-", "").slice(0, 16),
      }),
    ],
    gpuLists: [
      ...(hasNvidia ? [nvidiaList(model, gpus.length, driverVersion)] : []),
      ...amd.map(({ model: { name, product }, count, mode }) => ({
        name,
        product,
        count,
        note: mode === "spx" ? "" : `, ${mode.toUpperCase()}`,
      })),
      ...intel.map(({ model: { name, product }, count }) => ({ name, product, count, note: "" })),
    ],
  })
}

const architectures: ReadonlyMap<string, SimulatedArchitecture> = new Map([
  ["amd64", "x86-64"],
  ["arm64", "aarch64"],
])

/** Faults: UsageInvalid. */
function orderNvidia(
  { values, on }: Flags,
  asked: Asked,
): Result<MachineShape & Pick<NvmlDescription, "migDevices">> {
  const count = values.get("gpus") ?? "4"
  if (!/^\d{1,2}$/.test(count) || Number(count) > 64)
    return misusedSimulate("--gpus takes a number from 0 to 64")
  const channels = values.get("imex") ?? "0"
  if (!/^\d{1,4}$/.test(channels) || Number(channels) > 2048)
    return misusedSimulate("--imex takes a number from 0 to 2048")
  const model = asked.model ?? findModel("a100")
  if (model === undefined) return misusedSimulate("--model is missing")
  const driverVersion = values.get("driver") ?? "550.163.01"
  if (!/^\d{3,4}\.\d{1,4}(\.\d{1,3})?$/.test(driverVersion))
    return misusedSimulate("--driver takes a version like 550.163.01")
  const driverRoot = values.get("driver-root") ?? "/"
  if (!/^\/([\w.-]+(\/[\w.-]+)*)?$/.test(driverRoot) || driverRoot.includes(".."))
    return misusedSimulate("--driver-root takes an absolute path")
  const migDevices = asked.layout ?? []
  if (migDevices.some(({ gpu }) => gpu >= Number(count)))
    return misusedSimulate("--mig names a GPU that is not there")
  const architecture = architectures.get(values.get("arch") ?? "amd64")
  if (architecture === undefined) return misusedSimulate("--arch takes amd64 or arm64")
  if (architecture === "aarch64" && on.has("compat32"))
    return misusedSimulate(
      "--compat32 goes with amd64 only: the driver for arm64 has no libraries of 32 bits",
    )
  return ok({
    model,
    architecture,
    hasCompat32: on.has("compat32"),
    gpus: Number(count),
    driverVersion,
    uuidFor,
    migDevices,
    driverRoot,
    hasDrm: !on.has("no-drm"),
    imexChannels: Number(channels),
  })
}

const nvidiaList = ({ name, product }: GpuModel, count: number, driverVersion: string): GpuList => ({
  name,
  product,
  count,
  note: `, driver ${driverVersion}`,
})

/** More DRM devices than the kernel has numbers for. */
const drmLimit = 4096

/** GPUs of other vendors. Faults: UsageInvalid. */
function orderOthers({
  lists,
}: Flags): Result<{ readonly amd: readonly AmdOrder[]; readonly intel: readonly IntelOrder[] }> {
  const amd: AmdOrder[] = []
  for (const order of lists.get("amd") ?? []) {
    const parsed = parseAmdOrder(order)
    if (typeof parsed === "string") return misusedSimulate(`--amd takes ${parsed}`)
    amd.push(parsed)
  }
  const intel: IntelOrder[] = []
  for (const order of lists.get("intel") ?? []) {
    const parsed = parseIntelOrder(order)
    if (typeof parsed === "string") return misusedSimulate(`--intel takes ${parsed}`)
    intel.push(parsed)
  }
  if (intel.filter(({ model }) => model.isIntegrated).length > 1)
    return misusedSimulate("--intel takes one integrated GPU at most")
  const devices = amd.reduce((sum, { model, count }) => sum + model.dies * count, intel.length)
  return devices > drmLimit
    ? misusedSimulate(`--amd and --intel: more than ${drmLimit} DRM devices`)
    : ok({ amd, intel })
}

/** Faults: InputUnreadable, ListingInvalid, UsageInvalid. */
function listMachine(path: string, { model, layout }: Asked): Result<DraftedMachine> {
  const text = readText("listing", path)
  if (!text.ok) return text
  const entries = parseListing(text.value, path)
  if (!entries.ok) return entries
  const machine = understandListing(entries.value, { name: path, model, migDevices: layout, uuidFor })
  if (machine.migDevices.some(({ gpu }) => gpu >= machine.gpus.length))
    return misusedSimulate("--mig names a GPU that is not there")
  const { driverVersion, gpus } = machine
  return ok({
    ...machine,
    made: describeListedMachine(machine),
    gpuLists: [nvidiaList(machine.model, gpus.length, driverVersion)],
  })
}
