/** `gantry simulate up|down DIR`: a directory that looks like a GPU machine, and its removal. Formats: docs/simulate.md. */

import { resolve } from "node:path"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { readText } from "../host/files/read-text.ts"
import type { DefectiveMachine } from "../host/simulate/defective-machine.ts"
import { describeDefects, orderDefect } from "../host/simulate/defects.ts"
import type { SimulatedArchitecture } from "../host/simulate/driver-files.ts"
import { describeListedMachine, understandListing } from "../host/simulate/listed-machine.ts"
import { parseListing } from "../host/simulate/listing.ts"
import { describeMachine, listGpus } from "../host/simulate/machine.ts"
import { parseMigLayout, type SimulatedMigDevice } from "../host/simulate/mig-layout.ts"
import { findModel, type GpuModel, models } from "../host/simulate/models.ts"
import { type NvmlDescription, standInForNvml } from "../host/simulate/nvml.ts"
import { goodBehaviour } from "../host/simulate/nvml-behaviour.ts"
import { removeMachine } from "../host/simulate/remove-machine.ts"
import {
  type AmdOrder,
  bareMachine,
  describeVendorGpus,
  type IntelOrder,
  parseAmdOrder,
  parseIntelOrder,
} from "../host/simulate/vendor-machine.ts"
import { amdModels, intelModels, partitionModes } from "../host/simulate/vendor-models.ts"
import { uuidFor, writeMachine } from "../host/simulate/write-machine.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { print, report } from "./report.ts"

const shape = {
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
interface Drafted extends NvmlDescription {
  readonly made: DefectiveMachine["made"]
  /** The first is the machine's model. */
  readonly gpuLists: readonly GpuList[]
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  if (flags.value.on.has("help") || flags.value.on.has("h")) {
    await print(
      `${shape.usage}\nmodels: ${models.map(({ name }) => name).join(" ")}\nmodels of AMD: ${amdModels.map(({ name }) => name).join(" ")}, modes: ${Object.keys(partitionModes).join(" ")}\nmodels of Intel: ${intelModels.map(({ name }) => name).join(" ")}\ndefects: ${describeDefects()}\n`,
    )
    return 0
  }
  const [action, directory, ...more] = flags.value.words
  if ((action !== "up" && action !== "down") || directory === undefined || more.length > 0)
    return report(usageFault(shape, "say up or down, and one directory"))
  const outcome =
    action === "up" ? up(resolve(directory), flags.value) : down(resolve(directory), flags.value)
  if (!outcome.ok) return report(outcome.fault)
  await print(outcome.value)
  return 0
}

const wrong = (problem: string): Result<never> => fail(usageFault(shape, problem))

function up(directory: string, flags: Flags): Result<string> {
  const { values, lists, on } = flags
  const modelName = values.get("model")
  const model = modelName === undefined ? undefined : findModel(modelName)
  if (modelName !== undefined && model === undefined)
    return wrong(`--model takes one of ${models.map(({ name }) => name).join(", ")}`)
  const rawLayout = values.get("mig")
  const layout = rawLayout === undefined ? undefined : parseMigLayout(rawLayout)
  if (rawLayout !== undefined && layout === undefined)
    return wrong("--mig takes GPU:GI/CI=PROFILE,… such as 0:1/0=3g.20gb,0:2/0=2g.10gb")
  const from = values.get("from")
  const needless = saidByListing.find((name) => values.has(name) || on.has(name))
  if (from !== undefined && needless !== undefined)
    return wrong(`--${needless} does not go with --from: the listing says it`)
  const drafted = from === undefined ? generate(flags, model, layout) : list(from, model, layout)
  if (!drafted.ok) return drafted

  const defects = lists.get("defect") ?? []
  let machine: DefectiveMachine = { made: drafted.value.made, denied: [], nvml: goodBehaviour }
  for (const order of defects) {
    const changed = orderDefect(machine, order)
    if (typeof changed === "string") return wrong(changed)
    machine = changed
  }
  const nvml = on.has("no-nvml")
    ? { made: machine.made, state: "left out" }
    : standInForNvml(machine, drafted.value)
  const { driverVersion, migDevices, gpuLists } = drafted.value
  const written = writeMachine(directory, {
    model: gpuLists[0]?.name ?? "",
    driverVersion,
    gpus: gpuLists.reduce((sum, { count }) => sum + count, 0),
    made: nvml.made,
    denied: machine.denied,
  })
  if (!written.ok) return written
  if (on.has("json"))
    return ok(`${JSON.stringify({ directory, nvml: nvml.state, defects, ...written.value })}\n`)
  const nodes = nvml.made.filter(({ kind }) => kind === "node").length
  const isImplied = Object.keys(written.value.impliedNodes).length > 0
  return ok(
    [
      `${directory}: ${gpuLists.map(({ count, product, note }) => `${count} × ${product}${note}`).join("; ")}`,
      `  ${nvml.made.length} paths, ${nodes} of them device nodes${isImplied ? " that are only described (not root): containers cannot use them" : ""}`,
      ...(migDevices.length === 0 ? [] : [`  ${migDevices.length} MIG devices`]),
      `  NVML stand-in: ${nvml.state}`,
      ...defects.map((order) => `  defect: ${order}`),
      "",
    ].join("\n"),
  )
}

const architectures: ReadonlyMap<string, SimulatedArchitecture> = new Map([
  ["amd64", "x86-64"],
  ["arm64", "aarch64"],
])

/** Faults: UsageInvalid. */
function generate(
  flags: Flags,
  asked: GpuModel | undefined,
  layout: readonly SimulatedMigDevice[] | undefined,
): Result<Drafted> {
  const { values, on } = flags
  const others = orderOthers(flags)
  if (!others.ok) return others
  const { amd, intel } = others.value
  const hasNvidia = values.has("gpus") || (amd.length === 0 && intel.length === 0)
  const needless = saidOfNvidia.find((name) => values.has(name) || on.has(name))
  if (!hasNvidia && needless !== undefined)
    return wrong(`--${needless} is said of NVIDIA's GPUs: say --gpus too`)
  const count = values.get("gpus") ?? "4"
  if (!/^\d{1,2}$/.test(count) || Number(count) > 64) return wrong("--gpus takes a number from 0 to 64")
  const channels = values.get("imex") ?? "0"
  if (!/^\d{1,4}$/.test(channels) || Number(channels) > 2048)
    return wrong("--imex takes a number from 0 to 2048")
  const model = asked ?? findModel("a100")
  if (model === undefined) return wrong("--model is missing")
  const driverVersion = values.get("driver") ?? "550.163.01"
  if (!/^\d{3,4}\.\d{1,4}(\.\d{1,3})?$/.test(driverVersion))
    return wrong("--driver takes a version like 550.163.01")
  const driverRoot = values.get("driver-root") ?? "/"
  if (!/^\/([\w.-]+(\/[\w.-]+)*)?$/.test(driverRoot) || driverRoot.includes(".."))
    return wrong("--driver-root takes an absolute path")
  const migDevices = layout ?? []
  if (migDevices.some(({ gpu }) => gpu >= Number(count))) return wrong("--mig names a GPU that is not there")
  const architecture = architectures.get(values.get("arch") ?? "amd64")
  if (architecture === undefined) return wrong("--arch takes amd64 or arm64")
  if (architecture === "aarch64" && on.has("compat32"))
    return wrong("--compat32 goes with amd64 only: the driver for arm64 has no libraries of 32 bits")
  const machine = {
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
  }
  const gpus = hasNvidia ? listGpus(machine) : []
  return ok({
    model,
    driverVersion: hasNvidia ? driverVersion : "",
    migDevices,
    gpus,
    made: [
      ...(hasNvidia ? describeMachine(machine) : bareMachine),
      ...describeVendorGpus({
        ...others.value,
        drmBefore: machine.hasDrm ? gpus.length : 0,
        uniqueIdFor: (name) => uuidFor(name).replaceAll("-", "").slice(0, 16),
      }),
    ],
    gpuLists: [
      ...(hasNvidia ? [nvidiaList(model, gpus.length, driverVersion)] : []),
      ...amd.map(({ model: { name, product }, count: own, mode }) => ({
        name,
        product,
        count: own,
        note: mode === "spx" ? "" : `, ${mode.toUpperCase()}`,
      })),
      ...intel.map(({ model: { name, product }, count: own }) => ({ name, product, count: own, note: "" })),
    ],
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
    if (typeof parsed === "string") return wrong(`--amd takes ${parsed}`)
    amd.push(parsed)
  }
  const intel: IntelOrder[] = []
  for (const order of lists.get("intel") ?? []) {
    const parsed = parseIntelOrder(order)
    if (typeof parsed === "string") return wrong(`--intel takes ${parsed}`)
    intel.push(parsed)
  }
  if (intel.filter(({ model }) => model.isIntegrated).length > 1)
    return wrong("--intel takes one integrated GPU at most")
  const devices = amd.reduce((sum, { model, count }) => sum + model.dies * count, intel.length)
  return devices > drmLimit
    ? wrong(`--amd and --intel: more than ${drmLimit} DRM devices`)
    : ok({ amd, intel })
}

/** Faults: InputUnreadable, ListingInvalid, UsageInvalid. */
function list(
  path: string,
  model: GpuModel | undefined,
  migDevices: readonly SimulatedMigDevice[] | undefined,
): Result<Drafted> {
  const text = readText("listing", path)
  if (!text.ok) return text
  const entries = parseListing(text.value, path)
  if (!entries.ok) return entries
  const machine = understandListing(entries.value, { name: path, model, migDevices, uuidFor })
  if (machine.migDevices.some(({ gpu }) => gpu >= machine.gpus.length))
    return wrong("--mig names a GPU that is not there")
  const { driverVersion, gpus } = machine
  return ok({
    ...machine,
    made: describeListedMachine(machine),
    gpuLists: [nvidiaList(machine.model, gpus.length, driverVersion)],
  })
}

function down(directory: string, { on }: Flags): Result<string> {
  const removed = removeMachine(directory)
  if (!removed.ok) return removed
  if (on.has("json")) return ok(`${JSON.stringify({ directory, kept: removed.value.kept })}\n`)
  const kept = removed.value.kept.length
  return ok(
    `${directory}: removed${kept === 0 ? "" : `, but ${kept} directories hold files that are not ours`}\n`,
  )
}
