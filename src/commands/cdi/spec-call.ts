/** What the command line says of the specification that is to be made; the same for who makes one once and who keeps one fresh. */

import { toolkitHooks } from "../../core/cdi/edits/toolkit-hooks.ts"
import { formatOf, type SpecFormat } from "../../core/cdi/render-spec.ts"
import { engineProblem } from "../../core/cdi/rules/engine-versions.ts"
import { crashProblem, kindProblem, splitKind } from "../../core/cdi/rules/name-rules.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { noAdditions } from "../../core/generate/add-edits.ts"
import { type NameStrategy, nameStrategies } from "../../core/generate/machine-names.ts"
import {
  type HookStyle,
  hookChoice,
  type SpecMode,
  type SpecRequest,
  specModes,
} from "../../core/generate/spec-request.ts"
import { type Engine, parseEngine } from "../../core/generate/version-limit.ts"
import { type FlagShape, type Flags, usageFault } from "../flags.ts"
import { isStandardOutput } from "../standard-output.ts"
import { ownHookProgram } from "./own-hook-program.ts"

export const specUsage: string = `[--for-engine docker|containerd|podman|crio[@VERSION]]… [--mode ${specModes.join("|")}] [--kind VENDOR/CLASS] [--device SELECTOR,…] [--name index,uuid,type-index,pci] [--without-all] [--hooks one|separate] [--hook-path FILE] [--disable-hook NAME,…] [--numbers] [--compat32] [--edits FILE]`
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
  /** Of the file of additions: what engines would take, and nobody means. */
  readonly warnings: readonly Finding[]
}

const listOf = (flags: Flags, name: string): readonly string[] | undefined =>
  flags.lists
    .get(name)
    ?.flatMap((value) => value.split(","))
    .filter((word) => word !== "")

/** Empty: standard output, by any of its names, which is meant when nothing is said. */
export function outputSaid(values: Flags["values"]): string {
  const output = values.get("output") ?? ""
  return isStandardOutput(output) ? "" : output
}

/** What flags say, each judged; `fault`: what is wrong with one. */
type Said<T> = Result<T, string>

/** Faults: UsageInvalid, CdiFileUnreadable, those of parseAdditions. */
export async function readSpecCall(flags: Flags, shape: FlagShape): Promise<Result<SpecCall>> {
  const said = parseFlagsSaid(flags)
  if (!said.ok) return fail(usageFault(shape, said.fault))
  const { output, format, mode, kind, names, hooks, engines } = said.value
  const edits = flags.values.get("edits")
  const additions =
    edits === undefined
      ? ok({ spec: noAdditions, warnings: [] })
      : (await import("./read-cdi.ts")).readAdditions(edits)
  if (!additions.ok) return additions
  const devices = listOf(flags, "device") ?? ["all"]
  return ok({
    request: {
      devices,
      names,
      hasAllDevice: !flags.on.has("without-all") && !devices.includes("none"),
      hooks: {
        path: hooks.path ?? ownHookProgram(),
        shape: hooks.shape,
        isEnabled: hookChoice(mode, hooks.disabled, []),
        ldconfigPath: "",
      },
      orinCompatDirectory: "",
      nodes: { numbers: flags.on.has("numbers") ? "written" : "left", rights: "written", owners: "machine" },
      hasGroups: true,
      has32Bit: flags.on.has("compat32"),
      hasSockets: true,
      machineFaults: "refused",
      additions: additions.value.spec,
    },
    mode,
    kind,
    engines,
    output,
    format,
    warnings: additions.value.warnings,
  })
}

interface FlagsSaid extends Pick<SpecCall, "mode" | "kind" | "engines" | "output" | "format"> {
  readonly names: readonly NameStrategy[]
  readonly hooks: HooksSaid
}

/** Of all that is wrong the first is told, in this order. */
function parseFlagsSaid(flags: Flags): Said<FlagsSaid> {
  const { values, words } = flags
  if (words.length > 0) return fail(`unexpected ${JSON.stringify(words[0])}`)
  if (values.get("output") === "") return fail("a file's name is not empty")
  const output = outputSaid(values)
  const format = parseFormat(values.get("format") ?? formatOf(output), output)
  if (!format.ok) return format
  const mode = values.get("mode") ?? "auto"
  if (!isOneOf(specModes, mode)) return fail(unknownWord("mode", mode, specModes))
  const idle = idleFlag(flags, mode)
  if (idle !== undefined) return fail(`--${idle} says nothing of what --mode ${mode} gives`)
  const kind = values.get("kind")
  const problem = kind === undefined ? undefined : unwritableKind(kind)
  if (problem !== undefined)
    return fail(`--kind is VENDOR/CLASS, and ${JSON.stringify(kind)} cannot be one: ${problem}`)
  const empty = ["device", "name", "for-engine"].find((name) => listOf(flags, name)?.length === 0)
  if (empty !== undefined) return fail(`--${empty} names nothing`)
  const names = parseNames(listOf(flags, "name"))
  if (!names.ok) return names
  const hooks = parseHooks(flags)
  if (!hooks.ok) return hooks
  const engines = parseEngines(listOf(flags, "for-engine"))
  if (!engines.ok) return engines
  return ok({
    output,
    format: format.value,
    mode,
    kind,
    names: names.value,
    hooks: hooks.value,
    engines: engines.value,
  })
}

/** Of the modes that give one device, the driver's or a machine's whole. */
const wholeModes: readonly SpecMode[] = ["management", "gds", "gdrcopy", "mofed", "nvswitch", "wsl"]

/** What chooses and names devices where there is no choice: who says it would take all for some. */
function idleFlag(flags: Flags, mode: SpecMode): string | undefined {
  const isWhole = wholeModes.includes(mode)
  if (isWhole && listOf(flags, "device")?.some((one) => one !== "all")) return "device"
  if (!isWhole && mode !== "imex") return undefined
  return flags.lists.has("name") ? "name" : flags.on.has("without-all") ? "without-all" : undefined
}

/** A loader that goes by the name refuses what is in the other format. */
export function parseFormat(format: string, output: string): Said<SpecFormat> {
  if (format !== "yaml" && format !== "json") return fail(unknownWord("format", format, ["yaml", "json"]))
  const ending = /\.(json|ya?ml)$/.exec(output)?.[1]
  return ending === undefined || formatOf(output) === format
    ? ok(format)
    : fail(`a file that ends in .${ending} is read as such: leave out --format, or name another file`)
}

/** Order: the generator's own. */
function parseNames(named: readonly string[] = nameStrategies): Said<readonly NameStrategy[]> {
  const strange = named.find((name) => !isOneOf(nameStrategies, name))
  return strange === undefined
    ? ok(nameStrategies.filter((one) => named.includes(one)))
    : fail(unknownWord("way of naming", strange, nameStrategies))
}

interface HooksSaid extends Pick<HookStyle, "shape"> {
  /** undefined: the program's own place. */
  readonly path: string | undefined
  readonly disabled: readonly string[]
}

function parseHooks(flags: Flags): Said<HooksSaid> {
  const shape = flags.values.get("hooks") ?? "one"
  if (shape !== "one" && shape !== "separate")
    return fail(unknownWord("shape of hooks", shape, ["one", "separate"]))
  const path = flags.values.get("hook-path")
  if (path !== undefined && !path.startsWith("/"))
    return fail(
      `the hook's program ${JSON.stringify(path)} is not absolute: engines run it from other directories`,
    )
  const disabled = listOf(flags, "disable-hook") ?? []
  const unknown = disabled.find((name) => name !== "all" && !isOneOf(toolkitHooks, name))
  return unknown === undefined
    ? ok({ shape, path, disabled })
    : fail(unknownWord("hook", unknown, ["all", ...toolkitHooks]))
}

function parseEngines(named: readonly string[] | undefined): Said<readonly Engine[] | undefined> {
  if (named === undefined) return ok(undefined)
  const engines: Engine[] = []
  for (const name of named) {
    const engine = parseEngine(name)
    if (engine === undefined) return fail(engineProblem(name))
    engines.push(engine)
  }
  return ok(engines)
}

const unknownWord = (what: string, word: string, known: readonly string[]): string =>
  `unknown ${what} ${JSON.stringify(word)}, known: ${known.join(", ")}`

/** undefined: it may be written. */
function unwritableKind(kind: string): string | undefined {
  const { vendor, class: className } = splitKind(kind)
  return kindProblem(kind) ?? crashProblem("vendor", vendor) ?? crashProblem("class", className)
}

export const isOneOf = <T extends string>(known: readonly T[], word: string): word is T =>
  known.some((one) => one === word)
