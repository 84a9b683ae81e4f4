/** How a hook calls a program of the toolkit's: by its own name, the words that say that it serves a hook, and the hook's name. */

import { hookPrograms } from "../../cdi/edits/toolkit-hooks.ts"
import type { Hook } from "../../cdi/spec.ts"
import type { CdiPlace } from "../../fault/cdi-place.ts"
import type { Finding } from "../../fault/finding.ts"
import { baseName } from "../../text/path.ts"
import { groupUses, otherPlaces, placeOf, type Use } from "../cdi-subject.ts"

export interface ToolkitCall {
  readonly program: string
  /** That must stand behind the program's own name. */
  readonly words: readonly string[]
  /** That stand there. */
  readonly said: readonly string[]
  /** undefined: nothing stands behind them. */
  readonly call: string | undefined
}

/** undefined: it is another's program. */
export function toolkitCall({ path, args }: Pick<Hook, "path" | "args">): ToolkitCall | undefined {
  const program = calledProgram(path, args)
  const words = Object.hasOwn(hookPrograms, program) ? hookPrograms[program] : undefined
  if (words === undefined) return undefined
  const rest = args.slice(1).filter((arg) => !/^--?(?:debug|quiet|d|q)(?:=.*)?$/.test(arg))
  return { program, words, said: rest.slice(0, words.length), call: rest[words.length] }
}

/** Whether it is Gantry's own program, whose words no other release knows better. */
export const isGantrys = (path: string): boolean => /^gantry(?:-launcher)?$/.test(baseName(path))

/** Gantry goes by the name that it is called by, the others by that of their file. */
const calledProgram = (path: string, [called = ""]: readonly string[]): string =>
  isGantrys(path) && Object.hasOwn(hookPrograms, baseName(called)) ? baseName(called) : baseName(path)

interface HookProblem {
  readonly place: CdiPlace
  /** The hook's program. */
  readonly path: string
  readonly problem: string
}

/** One fault a problem, with all hooks that have it. `problemOf` undefined: nothing is wrong. Order: as first used. */
export const judgeCalls = (
  hooks: readonly Use<Hook>[],
  problemOf: (hook: Hook) => string | undefined,
  tell: (what: HookProblem, others: readonly string[]) => Finding,
): readonly Finding[] =>
  groupUses(hooks, (hook) => problemOf(hook) ?? "").flatMap(([problem, uses]) =>
    problem === ""
      ? []
      : [
          tell(
            { place: placeOf(uses[0], "args"), path: uses[0].item.path, problem },
            otherPlaces(uses, "args"),
          ),
        ],
  )
