/** What the actions of `gantry cdi` share: how they read their command line, and where specifications are looked for. */

import { parseSpec } from "../core/cdi/parse-spec.ts"
import { buildRegistry, defaultDirectories, type Registry } from "../core/cdi/registry.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { openHost } from "../host/open-host.ts"
import { readCdiDirectories, readCdiFile } from "../host/read-cdi-directories.ts"
import { type FlagShape, type Flags, parseFlags, usageFault } from "./flags.ts"
import { print, report } from "./report.ts"

/** What is printed, and how the command ends. */
export interface Answer {
  readonly text: string
  readonly exit: 0 | 1
}

export interface CdiShape extends Pick<FlagShape, "valued"> {
  /** Behind `gantry cdi `. */
  readonly usage: string
  readonly switches?: readonly string[]
}

export const cdiShape = ({ usage, valued, switches = [] }: CdiShape): FlagShape => ({
  program: "gantry cdi",
  usage: `gantry cdi ${usage}`,
  valued,
  switches: ["json", "help", "h", ...switches],
})

/** Reads, answers or says how the action is used, prints. */
export function runAction(
  args: readonly string[],
  shape: FlagShape,
  answer: (flags: Flags) => Result<Answer>,
): number {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  if (flags.value.on.has("help") || flags.value.on.has("h")) {
    print(`usage: ${shape.usage}\n`)
    return 0
  }
  const answered = answer(flags.value)
  if (!answered.ok) return report(answered.fault)
  print(answered.value.text)
  return answered.value.exit
}

export const misused = (shape: FlagShape, problem: string): Result<never> => fail(usageFault(shape, problem))

export const unexpected = (shape: FlagShape, word: string | undefined): Result<never> =>
  misused(shape, `unexpected ${JSON.stringify(word)}`)

/** Where is looked; the last wins. */
export const directoriesOf = ({ lists }: Flags): readonly string[] =>
  lists.get("spec-dir") ?? defaultDirectories

/** Faults: UsageInvalid. */
export function checkDirectories(flags: Flags, shape: FlagShape): Result<readonly string[]> {
  const directories = directoriesOf(flags)
  const relative = directories.find((directory) => !directory.startsWith("/"))
  return relative === undefined
    ? ok(directories)
    : misused(shape, `${JSON.stringify(relative)} is not an absolute path`)
}

/** Faults: UsageInvalid, HostUnknown, RecordingInvalid. */
export function readRegistry(flags: Flags, shape: FlagShape): Result<Registry> {
  const directories = checkDirectories(flags, shape)
  if (!directories.ok) return directories
  const host = openHost(flags.values.get("host"))
  return host.ok ? ok(registryOn(host.value, directories.value)) : host
}

export const registryOn = (host: Host, directories: readonly string[]): Registry =>
  buildRegistry(readCdiDirectories(host, directories))

/** Of this machine. Faults: CdiFileUnreadable, and those of parseSpec. */
export function readSpec(path: string): ReturnType<typeof parseSpec> {
  const bytes = readCdiFile(createLiveFiles(), path)
  return bytes.ok
    ? parseSpec({ path, bytes: bytes.value })
    : fail([fault("CdiFileUnreadable", { file: path }, bytes.fault)])
}
