/**
 * How hooks of specifications are called. The toolkit's programs go by words and flags (toolkit-hooks.ts), and fail the container where they are
 * called otherwise. Of others' programs nothing is known but that the first of args is their name.
 * Source: facts, toolkit §1.4; OCI runtime specification, "POSIX-platform Hooks", on args.
 */

import { flagValues, unknownFlag } from "../../cdi/edits/hook-arguments.ts"
import { hookFlags, hookPrograms, parseLink, stateFlag } from "../../cdi/edits/toolkit-hooks.ts"
import type { Hook } from "../../cdi/spec.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { nearestOf } from "../../text/nearest.ts"
import { baseName } from "../../text/path.ts"
import { found, type Use } from "../cdi-subject.ts"
import { isGantrys, judgeCalls, toolkitCall } from "./toolkit-call.ts"

/** Order: calls of the toolkit's programs, then of others'; of each as first used. */
export const checkHookCalls = (hooks: readonly Use<Hook>[]): readonly Finding[] => [
  ...judgeCalls(hooks, callProblem, (what, others) =>
    found("error", fault("CdiHookMiscalled", what), ...others),
  ),
  ...judgeCalls(hooks, firstFlagProblem, (what, others) =>
    found("warning", fault("CdiHookMiscalled", what), ...others),
  ),
]

/** What is wrong with a call of a toolkit's program. undefined: it is another's program, or called as it must be. */
export function callProblem({ path, args, hookName }: Hook): string | undefined {
  const called = toolkitCall({ path, args })
  if (called === undefined) return namelessProblem(path, args)
  const { program, words, said, call } = called
  if (said.join(" ") !== words.join(" "))
    return `${JSON.stringify(args.slice(0, words.length + 1))} are not its name and ${words.join(" ")}`
  if (call === undefined) return "it is told to do nothing; the first of args is its name"
  if (!mayKnow(program, call)) return `it knows no ${JSON.stringify(call)}; the first of args is its name`
  if (hookName !== "createContainer")
    return `it runs at ${hookName}, and does its work in a container that is being made (createContainer)`
  // Newer releases of the others may have more flags.
  const unknown = isGantrys(path) ? unknownFlag(args.slice(words.length + 1), call) : undefined
  return unknown === undefined ? valueProblem(args) : `${call} knows no ${unknown}`
}

/** The launcher by itself serves no hook: it goes by the first of args, where runtimes put the path if there is none. */
function namelessProblem(path: string, [name = path, call]: readonly string[]): string | undefined {
  return baseName(path) === "gantry-launcher" && call !== "bind-params"
    ? `${JSON.stringify(name)} is no name that it serves hooks by; the first of args is nvidia-cdi-hook`
    : undefined
}

const valuedFlags = [...new Set(Object.values(hookFlags).flatMap(({ valued }) => valued)), stateFlag]

function valueProblem(args: readonly string[]): string | undefined {
  const bare = valuedFlags.find((flag) => flagValues(args, flag).includes(undefined))
  if (bare !== undefined) return `nothing follows --${bare}`
  const links = ["link", "node-link"].flatMap((flag) => flagValues(args, flag))
  const odd = links.flatMap((value) => (value ?? "").split(",")).find((link) => parseLink(link) === undefined)
  return odd === undefined ? undefined : `the link ${JSON.stringify(odd)} is not of the form target::path`
}

const knownCalls: readonly string[] = Object.keys(hookFlags)

/** Newer releases of the others know more words than any list; a program's name and what is nearly a word are none. */
function mayKnow(program: string, call: string): boolean {
  if (knownCalls.includes(call)) return true
  const meant = nearestOf(call, knownCalls)
  const isMistyped = meant !== undefined && Math.abs(meant.length - call.length) <= 2
  const isName = call === "hook" || Object.hasOwn(hookPrograms, call)
  return program !== "gantry" && /^[a-z]/.test(call) && !isMistyped && !isName
}

/** What is wrong with a call of any other program: of that no more can be known than that a flag stands where its name belongs. */
const firstFlagProblem = ({ path, args: [first = ""], ...rest }: Hook): string | undefined =>
  first.startsWith("-") &&
  toolkitCall({ path, args: [first] }) === undefined &&
  callProblem({ path, args: [first], ...rest }) === undefined
    ? `${JSON.stringify(first)} is taken for its name and is no argument: the first of args is its name`
    : undefined
