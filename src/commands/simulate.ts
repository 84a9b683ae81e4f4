/** `gantry simulate up|down DIR`: a directory that looks like a GPU machine, and its removal. Formats: docs/simulate.md. */

import { resolve } from "node:path"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { readText } from "../host/read-text.ts"
import { type DefectiveMachine, describeDefects, orderDefect } from "../host/simulate/defects.ts"
import { describeListedMachine, understandListing } from "../host/simulate/listed-machine.ts"
import { parseListing } from "../host/simulate/listing.ts"
import { describeMachine, listGpus } from "../host/simulate/machine.ts"
import { parseMigLayout, type SimulatedMigDevice } from "../host/simulate/mig-layout.ts"
import { findModel, type GpuModel, models } from "../host/simulate/models.ts"
import { type NvmlDescription, standInForNvml } from "../host/simulate/nvml.ts"
import { removeMachine, uuidFor, writeMachine } from "../host/simulate/write-machine.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { print, report } from "./report.ts"

const shape = {
  program: "gantry simulate",
  usage:
    "gantry simulate up DIR [--gpus N] [--model NAME] [--driver VERSION] [--mig LAYOUT] [--imex N] [--no-drm] [--driver-root DIR] [--from LISTING] [--defect NAME[:ARGUMENT]]… [--no-nvml] [--json] | gantry simulate down DIR",
  valued: ["gpus", "model", "driver", "mig", "imex", "driver-root", "from", "defect"],
  switches: ["json", "no-drm", "no-nvml", "help", "h"],
}

/** A machine before its defects. */
interface Drafted extends NvmlDescription {
  readonly made: DefectiveMachine["made"]
}

export function run(args: readonly string[]): number {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  if (flags.value.on.has("help") || flags.value.on.has("h")) {
    print(
      `${shape.usage}\nmodels: ${models.map(({ name }) => name).join(" ")}\ndefects: ${describeDefects()}\n`,
    )
    return 0
  }
  const [action, directory, ...more] = flags.value.words
  if ((action !== "up" && action !== "down") || directory === undefined || more.length > 0)
    return report(usageFault(shape, "say up or down, and one directory"))
  const outcome =
    action === "up" ? up(resolve(directory), flags.value) : down(resolve(directory), flags.value)
  if (!outcome.ok) return report(outcome.fault)
  print(outcome.value)
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
  const drafted = from === undefined ? generate(flags, model, layout) : list(from, model, layout)
  if (!drafted.ok) return drafted

  let machine: DefectiveMachine = { made: drafted.value.made, denied: [], nvml: [] }
  for (const order of lists.get("defect") ?? []) {
    const changed = orderDefect(machine, order)
    if (typeof changed === "string") return wrong(changed)
    machine = changed
  }
  const nvml = on.has("no-nvml")
    ? { made: machine.made, state: "left out" }
    : standInForNvml(machine, drafted.value)
  const { model: used, driverVersion, gpus } = drafted.value
  const written = writeMachine(directory, {
    model: used.name,
    driverVersion,
    gpus: gpus.length,
    made: nvml.made,
    denied: machine.denied,
  })
  if (!written.ok) return written
  if (on.has("json")) return ok(`${JSON.stringify({ directory, nvml: nvml.state, ...written.value })}\n`)
  const nodes = Object.keys(written.value.impliedNodes).length
  const notes = [
    ...(nodes === 0 ? [] : ["not root: device nodes are only described, containers cannot use them"]),
    ...(nvml.state === "built" ? [] : [`NVML stand-in: ${nvml.state}`]),
  ]
  const note = notes.length === 0 ? "" : ` (${notes.join("; ")})`
  return ok(`${directory}: ${gpus.length} × ${used.product}, driver ${driverVersion}${note}\n`)
}

/** Faults: UsageInvalid. */
function generate(
  { values, on }: Flags,
  asked: GpuModel | undefined,
  layout: readonly SimulatedMigDevice[] | undefined,
): Result<Drafted> {
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
  const machine = {
    model,
    gpus: Number(count),
    driverVersion,
    uuidFor,
    migDevices,
    driverRoot,
    hasDrm: !on.has("no-drm"),
    imexChannels: Number(channels),
  }
  return ok({ model, driverVersion, migDevices, gpus: listGpus(machine), made: describeMachine(machine) })
}

/** Faults: InputUnreadable, ListingInvalid. */
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
  return ok({ ...machine, made: describeListedMachine(machine) })
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
