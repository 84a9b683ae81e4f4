/**
 * The programs of specifications' hooks, which engines run as their own user, mostly root: there, executable, with what runs or loads them, and
 * nobody else's to change. Source: OCI runtime specification, "POSIX-platform Hooks".
 */

import type { LoadedSpec } from "../../cdi/registry/registry.ts"
import type { Hook } from "../../cdi/spec.ts"
import type { CdiMachineFaults, NotExecutable } from "../../fault/cdi-machine.ts"
import { type Fault, fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { RootView } from "../../host/root-view.ts"
import { writableOn } from "../access.ts"
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
} from "../cdi-subject.ts"
import { checkRights } from "../check-rights.ts"
import { mountAt, parseMounts } from "../mounts/mount-at.ts"
import { type Executable, parseExecutable } from "./parse-executable.ts"

/** A startContainer hook's program is the container's: check-image.ts. Order: programs as first named. */
export function checkHookPrograms(subject: CdiSubject, hooks: readonly Use<Hook>[]): readonly Finding[] {
  const ofMachine = hooks.filter(
    ({ item }) => item.hookName !== "startContainer" && item.path.startsWith("/"),
  )
  const byView = Map.groupBy(ofMachine, ({ source }) => viewOf(subject, source))
  return [...byView].flatMap(([view, uses]) =>
    groupUses(uses, ({ path }) => path).flatMap(([path, ones]) =>
      checkProgram({ ...subject, view }, path, ones),
    ),
  )
}

/** The machine as the engine sees it that runs hooks of this file. */
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
