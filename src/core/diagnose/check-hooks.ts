/**
 * Hooks of specifications: programs that engines run as their own user, mostly root. There, executable, with what runs or loads them, nobody
 * else's to change, and with variables of their own. Source: OCI runtime specification, "POSIX-platform Hooks"; facts, toolkit §6 (CVE-2025-23266).
 */

import { flagValues, unknownFlag } from "../cdi/edits/hook-arguments.ts"
import { hookFlags, hookPrograms, parseLink, stateFlag } from "../cdi/edits/toolkit-hooks.ts"
import type { LoadedSpec } from "../cdi/registry/registry.ts"
import type { Hook } from "../cdi/spec.ts"
import type { CdiMachineFaults, NotExecutable } from "../fault/cdi-machine.ts"
import { type Fault, fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { RootView } from "../host/root-view.ts"
import { nearestOf } from "../text/nearest.ts"
import { baseName } from "../text/path.ts"
import { writableOn } from "./access.ts"
import {
  type CdiSubject,
  found,
  groupUses,
  isHidden,
  isUnrecorded,
  otherPlaces,
  placeOf,
  renderPlace,
  type Use,
  type Uses,
} from "./cdi-subject.ts"
import { checkHookEnvironment } from "./check-hook-environment.ts"
import { checkIdleHooks } from "./check-idle-hooks.ts"
import { checkRights } from "./check-rights.ts"
import { mountAt, parseMounts } from "./mount-at.ts"
import { type Executable, parseExecutable } from "./parse-executable.ts"
import { isGantrys, judgeCalls, toolkitCall } from "./toolkit-call.ts"

/** Order: programs as first named, hooks without variables, with variables that mislead, that are called wrongly, that do nothing. */
export function checkHooks(subject: CdiSubject, hooks: readonly Use<Hook>[]): readonly Finding[] {
  // A startContainer hook's program is the container's.
  const ofMachine = hooks.filter(
    ({ item }) => item.hookName !== "startContainer" && item.path.startsWith("/"),
  )
  // Those of a startContainer hook are the container's, as they must be.
  const naked = hooks.filter(({ item }) => item.env.length === 0 && item.hookName !== "startContainer")
  return [
    ...[...Map.groupBy(ofMachine, ({ source }) => viewOf(subject, source))].flatMap(([view, uses]) =>
      groupUses(uses, ({ path }) => path).flatMap(([path, ones]) =>
        checkProgram({ ...subject, view }, path, ones),
      ),
    ),
    ...groupUses(naked, ({ path, hookName }) => `${hookName} ${path}`).map(([, uses]) =>
      found(
        // The others get what the runtime itself was given. Source: runc 1.1.5 and 1.5.2, crun 1.8.1, tried.
        uses[0].item.hookName === "createContainer" ? "error" : "warning",
        fault("CdiHookEnvironmentMissing", {
          place: placeOf(uses[0]),
          path: uses[0].item.path,
          hookName: uses[0].item.hookName,
        }),
        ...otherPlaces(uses),
      ),
    ),
    ...checkHookEnvironment(subject, hooks),
    ...checkCalls(hooks),
    ...judgeCalls(hooks, firstFlag, (what, others) =>
      found("warning", fault("CdiHookMiscalled", what), ...others),
    ),
    ...checkIdleHooks(
      subject,
      hooks.filter(({ item }) => callProblem(item) === undefined),
    ),
  ]
}

/** Of a stranger's program nothing else is known. */
const firstFlag = ({ path, args: [first = ""], ...rest }: Hook): string | undefined =>
  first.startsWith("-") &&
  toolkitCall({ path, args: [first] }) === undefined &&
  callProblem({ path, args: [first], ...rest }) === undefined
    ? `${JSON.stringify(first)} is taken for its name and is no argument: the first of args is its name`
    : undefined

const knownCalls: readonly string[] = Object.keys(hookFlags)

const checkCalls = (hooks: readonly Use<Hook>[]): readonly Finding[] =>
  judgeCalls(hooks, callProblem, (what, others) => found("error", fault("CdiHookMiscalled", what), ...others))

/** undefined: it is another's program, or called as it must be. */
function callProblem({ path, args, hookName }: Hook): string | undefined {
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

/** Newer releases of the others know more words than any list; a program's name and what is nearly a word are none. */
function mayKnow(program: string, call: string): boolean {
  if (knownCalls.includes(call)) return true
  const meant = nearestOf(call, knownCalls)
  const isMistyped = meant !== undefined && Math.abs(meant.length - call.length) <= 2
  const isName = call === "hook" || Object.hasOwn(hookPrograms, call)
  return program !== "gantry" && /^[a-z]/.test(call) && !isMistyped && !isName
}

const viewOf = ({ placed, view }: CdiSubject, { path }: LoadedSpec): RootView =>
  placed?.files.has(path) === true ? placed.engineView : view

function checkProgram(subject: CdiSubject, path: string, uses: Uses<Hook>): readonly Finding[] {
  const { view, user } = subject
  const place = placeOf(uses[0], "path")
  const others = otherPlaces(uses, "path")
  const program = observeProgram(subject, path)
  if (program.kind === "unknown") return []
  if (program.kind === "hidden") return [found("warning", program.problem, renderPlace(place), ...others)]
  if (program.kind === "missing")
    return [found("error", fault("CdiHookMissing", { place, path, errno: program.errno }), ...others)]
  if (program.kind === "closed")
    return [
      found("error", fault("CdiHookNotExecutable", { place, path, problem: program.problem }), ...others),
    ]
  const findings = [
    ...checkRights(subject, uses, {
      path,
      resolved: program.resolved,
      access: ["execute"],
      field: "path",
    }),
    ...checkInterpreter(subject, uses, { ...program, path }),
  ]
  const untrusted = writableOn(view, path, user)
  if (untrusted === undefined) return findings
  const { writable, by, isGroup } = untrusted
  return [
    ...findings,
    found(isGroup ? "warning" : "error", fault("CdiHookUntrusted", { place, path, writable, by }), ...others),
  ]
}

/** A script's interpreter and an ELF file's loader must be programs too. */
function checkInterpreter(
  subject: CdiSubject,
  uses: Uses<Hook>,
  { path, resolved, sizeBytes }: Ready & { readonly path: string },
): readonly Finding[] {
  const executable = readExecutable(subject, path, resolved, sizeBytes)
  const place = placeOf(uses[0], "path")
  const others = otherPlaces(uses, "path")
  if (executable?.kind === "broken")
    return [found("error", fault("CdiHookNotExecutable", { place, path, problem: executable }), ...others)]
  const named = executable === undefined ? undefined : interpreterOf(executable)
  if (named === undefined) return []
  const { interpreter } = named
  const program = observeInterpreter(subject, interpreter)
  if (program.kind === "unknown") return []
  if (program.kind === "hidden") return [found("warning", program.problem, renderPlace(place), ...others)]
  if (program.kind === "ready")
    return checkRights(subject, uses, {
      path: interpreter,
      resolved: program.resolved,
      access: ["execute"],
      field: "path",
    })
  const problem = program.kind === "missing" ? program : program.problem
  return [found("error", fault("CdiHookInterpreterUnusable", { place, path, ...named, problem }), ...others)]
}

/** undefined: it cannot be read, or a recording does not say. */
function readExecutable(
  subject: CdiSubject,
  path: string,
  resolved: string,
  sizeBytes: number,
): Executable | undefined {
  let isUnread = false
  const executable = subject.view.readParts(resolved, (read) =>
    parseExecutable((offsetBytes, lengthBytes) => {
      const bytes = read({ offsetBytes, lengthBytes })
      if (bytes.ok) return bytes.value
      isUnread = true
      isUnrecorded(subject, path, bytes.fault)
      return new Uint8Array()
    }, sizeBytes),
  )
  return isUnread ? undefined : executable
}

interface Named {
  readonly interpreter: string
  readonly named: CdiMachineFaults["CdiHookInterpreterUnusable"]["named"]
}

function interpreterOf(executable: Executable): Named | undefined {
  if (executable.kind === "script") return { interpreter: executable.interpreter, named: "by a first line" }
  if (executable.kind !== "elf" || executable.loader === undefined) return undefined
  return { interpreter: executable.loader, named: "by an ELF header" }
}

/** A name that is no path is looked for in the engine's working directory, where no program lies. */
function observeInterpreter(subject: CdiSubject, path: string): Program {
  if (path === "") return { kind: "missing", errno: "ENOEXEC" }
  return path.startsWith("/") ? observeProgram(subject, path) : { kind: "missing", errno: "ENOENT" }
}

interface Ready {
  readonly kind: "ready"
  readonly resolved: string
  readonly sizeBytes: number
}

/** Whether there is something to execute. `hidden`: who looks may not see it. `unknown`: a recording does not say. */
type Program =
  | Ready
  | { readonly kind: "missing"; readonly errno: string }
  | { readonly kind: "closed"; readonly problem: NotExecutable }
  | { readonly kind: "hidden"; readonly problem: Fault }
  | { readonly kind: "unknown" }

function observeProgram(subject: CdiSubject, path: string): Program {
  const resolved = subject.view.resolve(path)
  const stat = resolved.ok ? subject.view.lstat(resolved.value) : resolved
  if (!resolved.ok || !stat.ok) {
    const problem = stat.ok ? undefined : stat.fault
    if (problem !== undefined && isUnrecorded(subject, path, problem)) return { kind: "unknown" }
    if (problem !== undefined && isHidden(subject, problem)) return { kind: "hidden", problem }
    return { kind: "missing", errno: problem?.tag === "HostReadFailed" ? problem.data.errno : "ENOENT" }
  }
  const { kind, mode, sizeBytes } = stat.value
  if (kind !== "file") return { kind: "closed", problem: { kind: "other", has: kind } }
  if (sizeBytes === 0) return { kind: "closed", problem: { kind: "empty" } }
  if ((mode & 0o111) === 0) return { kind: "closed", problem: { kind: "mode", mode } }
  const at = mountAt(parseMounts(subject.mountinfo ?? ""), resolved.value)
  return at?.isNoexec === true
    ? { kind: "closed", problem: { kind: "noexec", mount: at.place } }
    : { kind: "ready", resolved: resolved.value, sizeBytes }
}
