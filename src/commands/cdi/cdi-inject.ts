/** `gantry cdi inject NAME…`: devices into a config.json, by splices. Nothing to change is nothing written. */

import { hookEnvironment } from "../../apply/hook-environment.ts"
import { applyEdits } from "../../core/cdi/edits/apply-edits.ts"
import type { ResolvedDevices } from "../../core/cdi/edits/collect-edits.ts"
import { unplacePath } from "../../core/cdi/edits/unplace-edits.ts"
import { renderResolved, renderResolvedJson } from "../../core/explain/render-resolved.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { hostPath } from "../../core/text/brand.ts"
import { escapeControl } from "../../core/text/escape.ts"
import { joinPath, parentPath } from "../../core/text/path.ts"
import { decodeUtf8, encodeUtf8 } from "../../core/text/utf8.ts"
import { findHostNode } from "../../host/cdi/find-host-node.ts"
import { directoryEntry } from "../../host/files/directory-entry.ts"
import { attempt } from "../../host/files/file-system.ts"
import { holdDirectory } from "../../host/files/hold-directory.ts"
import { type DirectoryLock, replaceFile, whereItLies } from "../../host/files/replace-file.ts"
import { createLiveFiles } from "../../host/live-files.ts"
import { simulatedRoot } from "../../host/specified-machine.ts"
import type { Flags } from "../flags.ts"
import { isStandardOutput } from "../standard-output.ts"
import { type Answer, cdiShape, misused, runAction } from "./cdi-flags.ts"
import { resolveSaid } from "./recall-cdi.ts"
import { problemsJson, tellProblems } from "./tell-problems.ts"

const shape = cdiShape({
  usage:
    "inject NAME… --config FILE | --bundle DIR [-o FILE] [--dry-run] [--spec-dir DIR]… [--host live|DIR|FILE] [--json]",
  valued: ["config", "bundle", "output", "spec-dir", "host"],
  switches: ["json", "dry-run"],
})

export const run = (args: readonly string[]): Promise<number> => runAction(args, shape, inject)

/** Faults: UsageInvalid, HostUnknown, RecordingInvalid, CdiDeviceUnresolvable, HostReadFailed, and those of applyEdits. */
async function inject(flags: Flags): Promise<Result<Answer>> {
  const config = configOf(flags)
  if (!config.ok) return config
  const found = await resolveSaid(flags, shape)
  if (!found.ok) return found
  const { host, resolved, problems } = found.value
  const given: Injection = {
    config: config.value,
    host,
    resolved,
    problems: await problemsJson(problems),
  }
  // The outcome tells in its JSON.
  const isJson = flags.on.has("json")
  if (!isJson) await tellProblems(problems)
  // Of two at once the second edits what the first made of it.
  const place = placeOf(config.value)
  const isInPlace =
    place !== undefined && placeOf(outputOf(flags, config.value)) === place && !flags.on.has("dry-run")
  const edited = isInPlace
    ? await holdDirectory(parentPath(place), async (lock) => edit(flags, given, lock))
    : edit(flags, given, "take")
  if (isJson && !edited.ok) await tellProblems(problems)
  return edited
}

interface Injection {
  readonly config: string
  readonly host: HostFiles
  readonly resolved: ResolvedDevices
  /** What is wrong with specifications, as JSON. */
  readonly problems: object
}

const outputOf = ({ values }: Flags, config: string): string => values.get("output") ?? config

/** The edited text itself is the answer. */
const isPrinted = (flags: Flags, config: string): boolean =>
  isStandardOutput(outputOf(flags, config)) && !flags.on.has("dry-run")

/** Of a file, behind links, which are followed where it is written. undefined: they cannot be read, which is told of when the file is. */
function placeOf(path: string): string | undefined {
  const place = attempt(path, "open", () => directoryEntry(whereItLies(path)))
  return place.ok ? place.value : undefined
}

/** Faults: HostReadFailed, and those of applyEdits. */
function edit(
  flags: Flags,
  { config, host, resolved, problems }: Injection,
  lock: DirectoryLock,
): Result<Answer> {
  const bytes = createLiveFiles().readFile(hostPath(config))
  if (!bytes.ok) return bytes
  // What is no UTF-8 stays what it is.
  const text = decodeUtf8(bytes.value)
  const directory = simulatedRoot(host)
  const { edits } = resolved
  const findNode = findHostNode(host)
  const edited = applyEdits(text, edits, {
    findHostNode: (path) => findNode(directory === undefined ? path : unplacePath(path, directory)),
    bindOwners: "mapped",
    hookEnvironment,
  })
  if (!edited.ok) return edited
  const output = outputOf(flags, config)
  const isDry = flags.on.has("dry-run")
  const isChanged = edited.value !== text
  if (isPrinted(flags, config)) return ok({ text: encodeUtf8(edited.value), exit: 0 })
  if (!isDry && (isChanged || output !== config)) {
    const written = replaceFile(output, edited.value, 0o644, lock)
    if (!written.ok) return fail(written.fault)
  }
  if (flags.on.has("json")) {
    const told = { ...problems, config, output, isChanged, isDryRun: isDry }
    return ok({ text: renderResolvedJson(resolved, told), exit: 0 })
  }
  const { devices } = resolved
  const lines = isDry
    ? renderResolved(resolved)
    : `${devices.map(({ name, source }) => escapeControl(`${name} from ${source.path}`)).join("\n")}\n`
  const naked = edits.hooks.filter(({ env }) => env.length === 0)
  const outcome = isChanged ? (isDry ? "would be changed" : "changed") : "has all of it already"
  const ends = [
    ...naked.map(({ path }) => `the hook ${path} has no env and gets ${hookEnvironment.join(" ")}`),
    `${isStandardOutput(output) ? "the config.json on standard output" : output}: ${outcome}`,
  ]
  return ok({ text: `${lines}${ends.map(escapeControl).join("\n")}\n`, exit: 0 })
}

function configOf(flags: Flags): Result<string> {
  const { words, values } = flags
  const [config, bundle] = [values.get("config"), values.get("bundle")]
  if (words.length === 0) return misused(shape, "inject which device?")
  if ((config === undefined) === (bundle === undefined))
    return misused(shape, "into what? say --config FILE or --bundle DIR")
  if (config === "" || bundle === "" || values.get("output") === "")
    return misused(shape, "a file's name is not empty")
  const file = config ?? joinPath(bundle ?? "", "config.json")
  return flags.on.has("json") && isPrinted(flags, file)
    ? misused(shape, "--json tells of a file, and -o - prints the config.json itself")
    : ok(file)
}
