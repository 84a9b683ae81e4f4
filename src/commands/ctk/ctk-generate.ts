/** `nvidia-ctk cdi generate`: looks, makes, and writes or prints, in the reference's order and words. */

import { renderFaultLine } from "../../core/fault/render.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { renderMadeSpec } from "../../core/generate/made-spec.ts"
import { parseConfigKey } from "../../core/request/parse-config.ts"
import { baseName } from "../../core/text/path.ts"
import { findRuntime } from "../../host/find-runtime.ts"
import { readConfig } from "../../host/hook-sources.ts"
import { openHost } from "../../host/open-host.ts"
import { findRivals } from "../cdi/find-rivals.ts"
import { findMissingHookPrograms } from "../cdi/missing-hook-programs.ts"
import { type CtkSurroundings, createLog, deliver, type Log, showHelp } from "./ctk-action.ts"
import { checkConfiguredRoot, generateHelp, parseCtkGenerate } from "./ctk-generate-flags.ts"
import { findUnreadLists, generateAsCtk, observeForCtk } from "./make-ctk-spec.ts"

export async function run(
  args: readonly string[],
  { host, variable }: CtkSurroundings,
): Promise<Result<true>> {
  const call = parseCtkGenerate(args, variable, (named) => resolveHookProgram(named, variable("PATH") ?? ""))
  if (!call.ok) return call
  if (call.value === "help") return showHelp(generateHelp)
  const log = createLog(call.value.isQuiet)
  if (call.value.isFormatIgnored)
    log.warn(`the ending of ${call.value.output} counts, not --format: ${call.value.format}`)
  // As the reference has it: of a MIG mode that was changed no stamp tells, so that an answer from before is of no use.
  const machine = openHost(host, { state: undefined })
  if (!machine.ok) return machine
  const driverRoot = call.value.driverRoot ?? configuredRoot(call.value.configPath, variable, log)
  const checked = checkConfiguredRoot(driverRoot)
  if (!checked.ok) return checked
  const placed = { ...call.value, driverRoot }
  const seen = observeForCtk(machine.value, placed)
  for (const unread of findUnreadLists(machine.value, seen, placed)) log.warn(renderFaultLine(unread))
  const answered = generateAsCtk(seen, placed)
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

/** The program of hooks: as it was named, on the PATH, or where packages put it. */
function resolveHookProgram(named: string, path: string): string {
  if (named.startsWith("/")) return named
  const name = named === "" ? "nvidia-cdi-hook" : named
  const usual = baseName(name) === "nvidia-ctk" ? "/usr/bin/nvidia-ctk" : "/usr/bin/nvidia-cdi-hook"
  return findRuntime([name], path) ?? usual
}

/** What config.toml says of the driver's root. A file that is not there says nothing, as one that makes no sense does, of which is told. */
function configuredRoot(
  configPath: string | undefined,
  variable: CtkSurroundings["variable"],
  log: Log,
): string | undefined {
  const { text } = readConfig({
    configPath: configPath === "" ? undefined : configPath,
    profile: undefined,
    variable,
  })
  if (!text.ok) return undefined
  const root = parseConfigKey(text.value, "nvidia-container-cli.root")
  if (!root.ok) log.warn(renderFaultLine(root.fault))
  return root.ok && typeof root.value === "string" ? root.value : undefined
}
