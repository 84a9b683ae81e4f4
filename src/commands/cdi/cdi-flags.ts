/** What the actions of `gantry cdi` share: how they read their command line, and where specifications are looked for. */

import { defaultDirectories } from "../../core/cdi/registry/spec-directories.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { type FlagShape, type Flags, parseFlags, usageFault } from "../flags.ts"
import { isHelpAsked, tellHelp } from "../help/asked-help.ts"
import { print, report } from "../report.ts"

/** What is printed, and how the command ends. */
export interface Answer {
  /** As bytes: they are another's, and may be no UTF-8. */
  readonly text: string | Uint8Array
  readonly exit: number
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
  switches: ["help", "h", ...switches],
})

/** Reads, answers or says how the action is used, prints. */
export async function runAction(
  args: readonly string[],
  shape: FlagShape,
  answer: (flags: Flags) => Result<Answer> | Promise<Result<Answer>>,
): Promise<number> {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  if (isHelpAsked(flags.value)) return tellHelp(shape.usage)
  const answered = await answer(flags.value)
  if (!answered.ok) return report(answered.fault)
  await print(answered.value.text)
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
