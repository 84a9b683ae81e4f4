/**
 * Hooks of specifications: programs that engines run as their own user, mostly root. There, executable, nobody else's to change, and with
 * variables of their own. Source: OCI runtime specification, "POSIX-platform Hooks"; facts, toolkit §6 (CVE-2025-23266).
 */

import { flagValues } from "../cdi/hook-arguments.ts"
import type { LoadedSpec } from "../cdi/registry.ts"
import type { Hook } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { toolkitHooks } from "../generate/spec-request.ts"
import type { RootView } from "../host/root-view.ts"
import { nearestOf } from "../text/nearest.ts"
import { baseName, cleanPath } from "../text/path.ts"
import { writableOn } from "./access.ts"
import {
  type CdiSubject,
  found,
  groupUses,
  isUnrecorded,
  otherPlaces,
  placeOf,
  type Use,
  type Uses,
} from "./cdi-subject.ts"
import { checkRights } from "./check-rights.ts"

/** Order: programs as first named, then hooks without variables. */
export function checkHooks(subject: CdiSubject, hooks: readonly Use<Hook>[]): readonly Finding[] {
  // A startContainer hook's program is the container's.
  const ofMachine = hooks.filter(
    ({ item }) => item.hookName !== "startContainer" && item.path.startsWith("/"),
  )
  const naked = hooks.filter(({ item }) => item.env.length === 0)
  return [
    ...[...Map.groupBy(ofMachine, ({ source }) => viewOf(subject, source))].flatMap(([view, uses]) =>
      groupUses(uses, ({ path }) => path).flatMap(([path, ones]) =>
        checkProgram({ ...subject, view }, path, ones),
      ),
    ),
    ...groupUses(naked, ({ path, hookName }) => `${hookName} ${path}`).map(([, uses]) =>
      found(
        "error",
        fault("CdiHookEnvironmentMissing", {
          place: placeOf(uses[0]),
          ...{ path: uses[0].item.path, hookName: uses[0].item.hookName },
        }),
        ...otherPlaces(uses),
      ),
    ),
    ...checkCalls(hooks),
  ]
}

/** Programs of the toolkit, and the words behind their own name by which they are told that they are a hook. */
const toolkitWords: Readonly<Record<string, readonly string[]>> = {
  "nvidia-cdi-hook": [],
  "nvidia-ctk": ["hook"],
  gantry: ["nvidia-cdi-hook"],
}

const knownCalls: readonly string[] = [...toolkitHooks, "complete-container", "noop"]

function checkCalls(hooks: readonly Use<Hook>[]): readonly Finding[] {
  return groupUses(hooks, (hook) => callProblem(hook) ?? "").flatMap(([problem, uses]) =>
    problem === ""
      ? []
      : [
          found(
            "error",
            fault("CdiHookMiscalled", { place: placeOf(uses[0], "args"), path: uses[0].item.path, problem }),
            ...otherPlaces(uses, "args"),
          ),
        ],
  )
}

/** undefined: it is another's program, or called as it must be. */
function callProblem({ path, args, hookName }: Hook): string | undefined {
  const words = Object.hasOwn(toolkitWords, baseName(path)) ? toolkitWords[baseName(path)] : undefined
  if (words === undefined) return undefined
  const rest = args.slice(1).filter((arg) => !/^--?(?:debug|quiet|d|q)(?:=.*)?$/.test(arg))
  const said = rest.slice(0, words.length)
  if (said.join(" ") !== words.join(" "))
    return `${JSON.stringify(args.slice(0, words.length + 1))} are not its name and ${words.join(" ")}`
  const call = rest[words.length]
  if (call === undefined) return "it is told to do nothing; the first of args is its name"
  if (!mayKnow(baseName(path), call))
    return `it knows no ${JSON.stringify(call)}; the first of args is its name`
  if (hookName !== "createContainer")
    return `it runs at ${hookName}, and does its work in a container that is being made (createContainer)`
  return valueProblem(args)
}

/** Flags of the toolkit's hooks that have a value. Source: facts, toolkit §1.4. */
const valuedFlags = [
  ...["link", "node-link", "folder", "path", "mode", "ldconfig-path", "container-spec"],
  ...["host-driver-version", "host-cuda-version", "cuda-compat-container-root"],
]

function valueProblem(args: readonly string[]): string | undefined {
  const bare = valuedFlags.find((flag) => flagValues(args, flag).includes(undefined))
  if (bare !== undefined) return `nothing stands behind --${bare}`
  const links = ["link", "node-link"].flatMap((flag) => flagValues(args, flag))
  const odd = links.flatMap((value) => (value ?? "").split(",")).find((link) => !isLink(link))
  return odd === undefined ? undefined : `the link ${JSON.stringify(odd)} is no target::path`
}

function isLink(text: string): boolean {
  const [target = "", path = "", ...more] = text.split("::")
  return target !== "" && cleanPath(path || "/") !== "/" && more.length === 0
}

/** Newer releases of the others know more words than any list; a program's name and what is nearly a word are none. */
function mayKnow(program: string, call: string): boolean {
  if (knownCalls.includes(call)) return true
  const meant = nearestOf(call, knownCalls)
  const isMistyped = meant !== undefined && Math.abs(meant.length - call.length) <= 2
  const isName = call === "hook" || Object.hasOwn(toolkitWords, call)
  return program !== "gantry" && /^[a-z]/.test(call) && !isMistyped && !isName
}

const viewOf = ({ placed, view }: CdiSubject, { path }: LoadedSpec): RootView =>
  placed?.files.has(path) === true ? placed.engineView : view

function checkProgram(subject: CdiSubject, path: string, uses: Uses<Hook>): readonly Finding[] {
  const { view, user } = subject
  const place = placeOf(uses[0], "path")
  const others = otherPlaces(uses, "path")
  const resolved = view.resolve(path)
  const stat = resolved.ok ? view.lstat(resolved.value) : resolved
  if (!resolved.ok || !stat.ok) {
    const problem = stat.ok ? undefined : stat.fault
    if (problem !== undefined && isUnrecorded(subject, path, problem)) return []
    const errno = problem?.tag === "HostReadFailed" ? problem.data.errno : "ENOENT"
    return [found("error", fault("CdiHookMissing", { place, path, errno }), ...others)]
  }
  const { kind, mode, sizeBytes } = stat.value
  if (kind !== "file" || (mode & 0o111) === 0 || sizeBytes === 0) {
    const closed = sizeBytes === 0 ? "it is empty" : `mode ${mode.toString(8)} lets nobody execute it`
    const problem = kind === "file" ? closed : `it is a ${kind}`
    return [found("error", fault("CdiHookNotExecutable", { place, path, problem }), ...others)]
  }
  const forbidden = checkRights(subject, uses, {
    path,
    resolved: resolved.value,
    access: ["execute"],
    field: "path",
  })
  const untrusted = writableOn(view, path, user)
  if (untrusted === undefined) return forbidden
  const { writable, by, isGroup } = untrusted
  return [
    ...forbidden,
    found(isGroup ? "warning" : "error", fault("CdiHookUntrusted", { place, path, writable, by }), ...others),
  ]
}
