/** `nvidia-ctk cdi generate|list|transform root`, in the reference's place: same flags, variables, shapes and exit statuses. */

import { parseSpec, parseUnversioned } from "../core/cdi/parse-spec.ts"
import { raiseVersion } from "../core/cdi/raise-version.ts"
import { formatOf, renderSpec, type SpecFormat } from "../core/cdi/render-spec.ts"
import { defaultDirectories } from "../core/cdi/spec-directories.ts"
import { transformRoot } from "../core/cdi/transform-root.ts"
import { unreadableFile } from "../core/cdi/unreadable-file.ts"
import { renderFaultLine } from "../core/fault/render.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { renderMadeSpec } from "../core/generate/made-spec.ts"
import { parseConfigKey } from "../core/request/parse-config.ts"
import { escapeControl } from "../core/text/escape.ts"
import { baseName } from "../core/text/path.ts"
import { encodeUtf8 } from "../core/text/utf8.ts"
import { findRuntime } from "../host/find-runtime.ts"
import { readConfig } from "../host/hook-sources.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { openHost } from "../host/open-host.ts"
import { readCdiFile } from "../host/read-cdi-directories.ts"
import { type Caller, variableOf } from "./caller.ts"
import { type CtkShape, ctkHelp, ctkUsageFault, parseCtkFlags } from "./ctk-flags.ts"
import { generateAsCtk, observeForCtk } from "./ctk-generate.ts"
import { generateHelp, parseCtkGenerate } from "./ctk-generate-flags.ts"
import { findRivals } from "./find-rivals.ts"
import { usageFault } from "./flags.ts"
import { findMissingHookPrograms } from "./missing-hook-programs.ts"
import { validOf } from "./read-cdi.ts"
import { readSpecifications } from "./read-specifications.ts"
import { print, writeText } from "./report.ts"
import { writeSpecFile } from "./write-spec-file.ts"

export interface CtkSurroundings {
  /** A simulated machine or a recording; undefined: this machine. */
  readonly host: string | undefined
  readonly caller: Caller
}

type Variable = (name: string) => string | undefined

/** `args`: global flags may stand in front of the action, as behind it. */
export async function run(args: readonly string[], surroundings: CtkSurroundings): Promise<number> {
  const call = readAction(args)
  const done =
    call === undefined
      ? fail(usageFault({ program: "nvidia-ctk cdi", usage }, "say generate, list or transform root"))
      : await answer(call, surroundings, (name) => variableOf(surroundings.caller, name))
  if (done.ok) return 0
  writeText(2, `${renderFaultLine(done.fault)}\n`)
  return call === undefined ? unknownCommandExit : 1
}

/** The reference ends so where a command has no such part, and with 1 whatever else is wrong. */
export const unknownCommandExit = 3

interface Action {
  readonly name: "generate" | "list" | "transform root" | "help"
  readonly args: readonly string[]
}

/** undefined: there is no such action. */
function readAction(args: readonly string[]): Action | undefined {
  const [place = args.length] = args.flatMap((word, index) =>
    word.startsWith("-") || /^--?config$/.test(args[index - 1] ?? "") ? [] : [index],
  )
  const flags = args.slice(0, place)
  const [name, ...rest] = args.slice(place)
  if (flags.some(isHelp) || name === undefined || isHelp(name)) return { name: "help", args: [] }
  if (name === "generate" || name === "list") return { name, args: [...flags, ...rest] }
  if (name !== "transform") return undefined
  if (rest[0] === "root") return { name: "transform root", args: [...flags, ...rest.slice(1)] }
  return rest[0] === undefined || isHelp(rest[0]) ? { name: "help", args: [] } : undefined
}

interface Log {
  info(text: string): void
  warn(text: string): void
}

/** In the reference's form, which scripts read. */
function createLog(isQuiet: boolean): Log {
  const write = (level: string, text: string): void => {
    if (!isQuiet)
      writeText(
        2,
        `time="${new Date().toISOString().replace(/\.\d+/, "")}" level=${level} msg=${JSON.stringify(escapeControl(text))}\n`,
      )
  }
  return { info: (text) => write("info", text), warn: (text) => write("warning", text) }
}

const usage = "nvidia-ctk cdi generate|list|transform root [flags]"

function answer(
  { name, args }: Action,
  surroundings: CtkSurroundings,
  variable: Variable,
): Promise<Result<true>> {
  switch (name) {
    case "generate":
      return generate(args, surroundings, variable)
    case "list":
      return list(args, surroundings, variable)
    case "transform root":
      return transform(args, variable)
    case "help":
      return help(`usage: ${usage}`)
  }
}

const isHelp = (word: string | undefined): boolean => ["--help", "-help", "-h", "help"].includes(word ?? "")

const help = async (text: string): Promise<Result<true>> => {
  await print(`${text}\n`)
  return ok(true)
}

async function generate(
  args: readonly string[],
  { host }: CtkSurroundings,
  variable: Variable,
): Promise<Result<true>> {
  const call = parseCtkGenerate(args, variable, (named) => resolveHookProgram(named, variable("PATH") ?? ""))
  if (!call.ok) return call
  if (call.value === "help") return help(generateHelp)
  const log = createLog(call.value.isQuiet)
  if (call.value.isFormatIgnored)
    log.warn(`the ending of ${call.value.output} counts, not --format: ${call.value.format}`)
  // As the reference has it: of a MIG mode that was changed no stamp tells, so that an answer from before is of no use.
  const machine = openHost(host, { state: undefined })
  if (!machine.ok) return machine
  const placed = {
    ...call.value,
    driverRoot: call.value.driverRoot ?? configuredRoot(call.value.configPath, variable),
  }
  const answered = generateAsCtk(observeForCtk(machine.value, placed), placed)
  if (!answered.ok) return answered
  for (const { severity, fault: one } of answered.value.findings)
    if (severity !== "note") log.warn(renderFaultLine(one))
  const { output, format } = call.value
  for (const { spec: described, infix } of answered.value.specs) {
    const spec = renderMadeSpec({ spec: described, findings: [] }, format)
    const file = withInfix(output, infix)
    for (const rival of file === "" ? [] : await findRivals(spec, file, format))
      log.warn(renderFaultLine(rival))
    const written = await deliver(spec.text, format, file)
    if (!written.ok) return written
    for (const { fault: one } of findMissingHookPrograms(spec.hookPrograms, machine.value))
      log.warn(renderFaultLine(one))
    log.info(`Generated CDI spec with version ${spec.cdiVersion}`)
  }
  return ok(true)
}

const withInfix = (output: string, infix: string): string =>
  output === "" ? "" : output.replace(/(\.[^./]*)?$/, (ending) => `${infix}${ending}`)

async function deliver(text: string, format: SpecFormat, file: string): Promise<Result<true>> {
  if (file !== "") {
    const written = writeSpecFile(text, file, format)
    return written.ok ? ok(true) : written
  }
  await print(text)
  return ok(true)
}

/** The program of hooks: as it was named, on the PATH, or where packages put it. */
function resolveHookProgram(named: string, path: string): string {
  if (named.startsWith("/")) return named
  const name = named === "" ? "nvidia-cdi-hook" : named
  const usual = baseName(name) === "nvidia-ctk" ? "/usr/bin/nvidia-ctk" : "/usr/bin/nvidia-cdi-hook"
  return findRuntime([name], path) ?? usual
}

/** What config.toml says of the driver's root; a file that cannot be read says nothing. */
function configuredRoot(configPath: string | undefined, variable: Variable): string | undefined {
  const { text } = readConfig({
    configPath: configPath === "" ? undefined : configPath,
    profile: undefined,
    variable,
  })
  const root = text.ok ? parseConfigKey(text.value, "nvidia-container-cli.root") : text
  return root.ok && typeof root.value === "string" ? root.value : undefined
}

const listShape: CtkShape = {
  program: "nvidia-ctk cdi list",
  flags: { "spec-dir": { takes: "list", variable: "NVIDIA_CTK_CDI_SPEC_DIRS" } },
}

async function list(
  args: readonly string[],
  { host }: CtkSurroundings,
  variable: Variable,
): Promise<Result<true>> {
  const flags = parseCtkFlags(args, listShape, variable)
  if (!flags.ok) return flags
  if (flags.value.isHelpAsked) return help(ctkHelp(listShape))
  const log = createLog(flags.value.isOn("quiet"))
  const machine = openHost(host)
  if (!machine.ok) return machine
  const registry = readSpecifications(machine.value, flags.value.list("spec-dir") ?? defaultDirectories)
  const problems = [
    ...registry.rejected.flatMap(({ path, faults }) =>
      faults.map((one) => `${path}: ${renderFaultLine(one)}`),
    ),
    ...registry.findings.map(({ fault: one }) => renderFaultLine(one)),
  ]
  if (problems.length > 0) log.warn("The following registry errors were reported:")
  for (const problem of problems) log.warn(problem)
  const names = [...registry.devices.keys()].sort()
  log.info(`Found ${names.length} CDI devices`)
  await print(names.map((name) => `${escapeControl(name)}\n`).join(""))
  return ok(true)
}

const transformShape: CtkShape = {
  program: "nvidia-ctk cdi transform root",
  flags: {
    from: { takes: "text" },
    to: { takes: "text" },
    input: { takes: "text" },
    output: { takes: "text" },
    "relative-to": { takes: "text" },
  },
}

/** A file's ending chooses the form, as for a generated one. Nothing is written that no engine reads. Faults: UsageInvalid, CdiFileUnreadable, those of parseSpec. */
async function transform(args: readonly string[], variable: Variable): Promise<Result<true>> {
  const flags = parseCtkFlags(args, transformShape, variable)
  if (!flags.ok) return flags
  if (flags.value.isHelpAsked) return help(ctkHelp(transformShape))
  const relativeTo = flags.value.text("relative-to") ?? "host"
  if (relativeTo !== "host" && relativeTo !== "container")
    return fail(ctkUsageFault(transformShape, `invalid --relative-to value: ${relativeTo}`))
  const input = flags.value.text("input") ?? "-"
  const bytes = input === "-" ? ok(await Bun.stdin.bytes()) : readCdiFile(createLiveFiles(), input)
  if (!bytes.ok) return fail(unreadableFile(input, bytes.fault))
  const path = input === "-" ? "standard input" : input
  const written = validOf(parseUnversioned({ path, bytes: bytes.value }))
  if (!written.ok) return written
  const moved = transformRoot(written.value, {
    from: flags.value.text("from") ?? "",
    to: flags.value.text("to") ?? "",
    relativeTo,
  })
  const output = flags.value.text("output") ?? ""
  // A node that has got a place of its own on the machine needs a newer version than one that had none.
  const raised = raiseVersion(moved)
  // A root that is replaced by nothing leaves paths that are none.
  const bytesAgain = encodeUtf8(renderSpec(raised, "json"))
  const again = validOf(parseSpec({ path: output === "" ? "standard output" : output, bytes: bytesAgain }))
  return again.ok ? deliver(renderSpec(raised, formatOf(output)), formatOf(output), output) : again
}
