/** `gantry simulate up|down DIR`: a directory that looks like a GPU machine, and its removal. Formats: docs/simulate.md. */

import { resolve } from "node:path"
import { ok, type Result } from "../core/fault/result.ts"
import type { DefectiveMachine } from "../host/simulate/defective-machine.ts"
import { orderDefect } from "../host/simulate/defects.ts"
import type { Made } from "../host/simulate/made.ts"
import { standInForNvml } from "../host/simulate/nvml.ts"
import { goodBehaviour } from "../host/simulate/nvml-behaviour.ts"
import { removeMachine } from "../host/simulate/remove-machine.ts"
import { writeMachine } from "../host/simulate/write-machine.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { isHelpAsked, tellHelp } from "./help/asked-help.ts"
import { print, report } from "./report.ts"
import { type DraftedMachine, draftMachine, misusedSimulate, simulateShape } from "./simulate-order.ts"

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, simulateShape)
  if (!flags.ok) return report(flags.fault)
  if (isHelpAsked(flags.value)) return tellHelp(simulateShape.usage)
  const [action, directory, ...more] = flags.value.words
  if ((action !== "up" && action !== "down") || directory === undefined || more.length > 0)
    return report(usageFault(simulateShape, "say up or down, and one directory"))
  const outcome =
    action === "up" ? up(resolve(directory), flags.value) : down(resolve(directory), flags.value)
  if (!outcome.ok) return report(outcome.fault)
  await print(outcome.value)
  return 0
}

function up(directory: string, flags: Flags): Result<string> {
  const drafted = draftMachine(flags)
  if (!drafted.ok) return drafted
  const defects = flags.lists.get("defect") ?? []
  const ordered = withDefects(drafted.value, defects)
  if (!ordered.ok) return ordered
  const machine = ordered.value
  const nvml = flags.on.has("no-nvml")
    ? { made: machine.made, state: "left out" }
    : standInForNvml(machine, drafted.value)
  const { driverVersion, gpuLists } = drafted.value
  const written = writeMachine(directory, {
    model: gpuLists[0]?.name ?? "",
    driverVersion,
    gpus: gpuLists.reduce((sum, { count }) => sum + count, 0),
    made: nvml.made,
    denied: machine.denied,
  })
  if (!written.ok) return written
  if (flags.on.has("json"))
    return ok(`${JSON.stringify({ directory, nvml: nvml.state, defects, ...written.value })}\n`)
  const isImplied = Object.keys(written.value.impliedNodes).length > 0
  return ok(renderMade({ directory, machine: drafted.value, nvml, defects, isImplied }))
}

/** Faults: UsageInvalid. */
function withDefects({ made }: DraftedMachine, orders: readonly string[]): Result<DefectiveMachine> {
  let machine: DefectiveMachine = { made, denied: [], nvml: goodBehaviour }
  for (const order of orders) {
    const changed = orderDefect(machine, order)
    if (typeof changed === "string") return misusedSimulate(changed)
    machine = changed
  }
  return ok(machine)
}

interface MadeMachine {
  readonly directory: string
  readonly machine: DraftedMachine
  readonly nvml: { readonly made: readonly Made[]; readonly state: string }
  readonly defects: readonly string[]
  /** The nodes could not be made. */
  readonly isImplied: boolean
}

function renderMade({ directory, machine, nvml, defects, isImplied }: MadeMachine): string {
  const nodes = nvml.made.filter(({ kind }) => kind === "node").length
  const { gpuLists, migDevices } = machine
  return [
    `${directory}: ${gpuLists.map(({ count, product, note }) => `${count} × ${product}${note}`).join("; ")}`,
    `  ${nvml.made.length} paths, ${nodes} of them device nodes${isImplied ? " that are only described (not root): containers cannot use them" : ""}`,
    ...(migDevices.length === 0 ? [] : [`  ${migDevices.length} MIG devices`]),
    `  NVML stand-in: ${nvml.state}`,
    ...defects.map((order) => `  defect: ${order}`),
    "",
  ].join("\n")
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
