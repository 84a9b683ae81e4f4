/** `gantry simulate up|down DIR`: a directory that looks like a GPU machine, and its removal. */

import { resolve } from "node:path"
import { ok, type Result } from "../core/fault/result.ts"
import { findModel, models } from "../host/simulate/models.ts"
import { removeMachine, uuidFor, writeMachine } from "../host/simulate/write-machine.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { print, report } from "./report.ts"

const shape = {
  program: "gantry simulate",
  usage:
    "gantry simulate up DIR [--gpus N] [--model NAME] [--driver VERSION] [--json] | gantry simulate down DIR",
  valued: ["gpus", "model", "driver"],
  switches: ["json", "help", "h"],
}

export function run(args: readonly string[]): number {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  if (flags.value.on.has("help") || flags.value.on.has("h")) {
    print(`${shape.usage}\nmodels: ${models.map(({ name }) => name).join(" ")}\n`)
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

function up(directory: string, { values, on }: Flags): Result<string> {
  const count = values.get("gpus") ?? "4"
  if (!/^\d{1,2}$/.test(count) || Number(count) > 64)
    return { ok: false, fault: usageFault(shape, "--gpus takes a number from 0 to 64") }
  const model = findModel(values.get("model") ?? "a100")
  if (model === undefined)
    return {
      ok: false,
      fault: usageFault(shape, `--model takes one of ${models.map(({ name }) => name).join(", ")}`),
    }
  const driverVersion = values.get("driver") ?? "550.163.01"
  if (!/^\d{3,4}\.\d{1,4}(\.\d{1,3})?$/.test(driverVersion))
    return { ok: false, fault: usageFault(shape, "--driver takes a version like 550.163.01") }
  const written = writeMachine(directory, { model, gpus: Number(count), driverVersion, uuidFor })
  if (!written.ok) return written
  if (on.has("json")) return ok(`${JSON.stringify({ directory, ...written.value })}\n`)
  const nodes = Object.keys(written.value.impliedNodes).length
  const note = nodes === 0 ? "" : " (not root: device nodes are only described, containers cannot use them)"
  return ok(`${directory}: ${count} × ${model.product}, driver ${driverVersion}${note}\n`)
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
