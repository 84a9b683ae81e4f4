/** What the command line says of the specification that is to be made; the same for who makes one once and who keeps one fresh. */

import { engineProblem } from "../core/cdi/engine-versions.ts"
import { crashProblem, kindProblem, splitKind } from "../core/cdi/name-rules.ts"
import { formatOf, type SpecFormat } from "../core/cdi/render-spec.ts"
import { toolkitHooks } from "../core/cdi/toolkit-hooks.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { noAdditions } from "../core/generate/add-edits.ts"
import { nameStrategies } from "../core/generate/machine-names.ts"
import { hookChoice, type SpecMode, type SpecRequest, specModes } from "../core/generate/spec-request.ts"
import { type Engine, parseEngine } from "../core/generate/version-limit.ts"
import { type FlagShape, type Flags, usageFault } from "./flags.ts"
import { ownHookProgram } from "./own-hook-program.ts"

export const specUsage =
  "[--for-engine docker|containerd|podman|crio[@VERSION]]… [--mode MODE] [--kind VENDOR/CLASS] [--device SELECTOR,…] [--name index,uuid,type-index,pci] [--without-all] [--hooks one|separate] [--hook-path FILE] [--disable-hook NAME,…] [--numbers] [--compat32] [--edits FILE]"
export const specFlags = {
  valued: [
    ...["output", "format", "for-engine", "mode", "kind", "device", "name", "hooks", "hook-path"],
    ...["disable-hook", "edits"],
  ],
  switches: ["without-all", "numbers", "compat32"],
}

/** What is to be made, and where it goes. */
export interface SpecCall {
  readonly request: Omit<SpecRequest, "mode" | "vendor" | "class">
  readonly mode: SpecMode
  /** undefined: as the mode has it. */
  readonly kind: string | undefined
  /** undefined: those that this machine has. */
  readonly engines: readonly Engine[] | undefined
  /** Empty: standard output. */
  readonly output: string
  readonly format: SpecFormat
}

const listOf = (flags: Flags, name: string): readonly string[] | undefined =>
  flags.lists
    .get(name)
    ?.flatMap((value) => value.split(","))
    .filter((word) => word !== "")

/** Empty: standard output, which has three names. */
export function outputSaid(values: Flags["values"]): string {
  const output = values.get("output") ?? ""
  return ["-", "/dev/stdout"].includes(output) ? "" : output
}

/** Faults: UsageInvalid, CdiFileUnreadable, those of parseAdditions. */
export async function readSpecCall(flags: Flags, shape: FlagShape): Promise<Result<SpecCall>> {
  const { values, on, words } = flags
  const misused = (problem: string): Result<never> => fail(usageFault(shape, problem))
  if (words.length > 0) return misused(`unexpected ${JSON.stringify(words[0])}`)
  const output = outputSaid(values)
  const format = values.get("format") ?? formatOf(output)
  if (format !== "yaml" && format !== "json") return misused(`unknown format ${JSON.stringify(format)}`)
  const ending = /\.(json|ya?ml)$/.exec(output)?.[1]
  if (ending !== undefined && formatOf(output) !== format)
    return misused(`a file that ends in .${ending} is read as such: leave out --format, or name another file`)
  const mode = values.get("mode") ?? "auto"
  if (!isOneOf(specModes, mode)) return misused(`unknown mode ${JSON.stringify(mode)}`)
  const kind = values.get("kind")
  const problem = kind === undefined ? undefined : unwritableKind(kind)
  if (problem !== undefined)
    return misused(`--kind is VENDOR/CLASS, and ${JSON.stringify(kind)} cannot be one: ${problem}`)
  const empty = ["device", "name", "for-engine"].find((name) => listOf(flags, name)?.length === 0)
  if (empty !== undefined) return misused(`--${empty} names nothing`)
  const names = listOf(flags, "name") ?? nameStrategies
  const strange = names.find((name) => !isOneOf(nameStrategies, name))
  if (strange !== undefined) return misused(`unknown way of naming ${JSON.stringify(strange)}`)
  const hooks = values.get("hooks") ?? "one"
  if (hooks !== "one" && hooks !== "separate")
    return misused(`unknown shape of hooks ${JSON.stringify(hooks)}`)
  const hookPath = values.get("hook-path")
  if (hookPath !== undefined && !hookPath.startsWith("/"))
    return misused(
      `the hook's program ${JSON.stringify(hookPath)} is not absolute: engines run it from other directories`,
    )
  const disabled = listOf(flags, "disable-hook") ?? []
  const unknown = disabled.find((name) => name !== "all" && !isOneOf(toolkitHooks, name))
  if (unknown !== undefined) return misused(`unknown hook ${JSON.stringify(unknown)}`)
  const engines = listOf(flags, "for-engine")
  const parsed = engines?.map(parseEngine)
  const odd = engines?.find((_, index) => parsed?.[index] === undefined)
  if (odd !== undefined) return misused(engineProblem(odd))
  const edits = values.get("edits")
  const additions =
    edits === undefined ? ok(noAdditions) : (await import("./read-cdi.ts")).readAdditions(edits)
  if (!additions.ok) return additions
  const devices = listOf(flags, "device") ?? ["all"]
  return ok({
    request: {
      devices,
      names: nameStrategies.filter((one) => names.includes(one)),
      hasAllDevice: !on.has("without-all") && !devices.includes("none"),
      hooks: {
        path: hookPath ?? ownHookProgram(),
        shape: hooks,
        isEnabled: hookChoice(mode, disabled, []),
        ldconfigPath: "",
      },
      orinCompatDirectory: "",
      nodes: { numbers: on.has("numbers") ? "written" : "left", rights: "written", owners: "machine" },
      hasGroups: true,
      has32Bit: on.has("compat32"),
      hasSockets: true,
      machineFaults: "refused",
      additions: additions.value,
    },
    mode,
    kind,
    engines: parsed?.filter((one) => one !== undefined),
    output,
    format,
  })
}

/** undefined: it may be written. */
function unwritableKind(kind: string): string | undefined {
  const { vendor, class: className } = splitKind(kind)
  return kindProblem(kind) ?? crashProblem("vendor", vendor) ?? crashProblem("class", className)
}

export const isOneOf = <T extends string>(known: readonly T[], word: string): word is T =>
  known.some((one) => one === word)
