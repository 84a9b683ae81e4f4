/**
 * The in-namespace applier: does a plan's edits to a container that was created but not started, from the hook's own process.
 *   1. in the host's mount namespace: detached mounts of every source, each checked and given its attributes; covers; cgroup rules
 *   2. in the container's: every place resolved in its root by descriptor, covers and mounts moved there, links and files written
 * Device nodes are bind mounts of the host's: that works in user namespaces too, and keeps the container's own capability to
 * make nodes out of it. No child process, no shell, no ldconfig. When an edit fails, the engine takes the container down with
 * its namespaces and its cgroup; what is left in the root are empty files and directories to mount on.
 */

import { lstatSync, statSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { Edit } from "../core/plan/edit.ts"
import { actAs, openRoot } from "../linux/in-root.ts"
import type { AppliedContainer } from "./applied-container.ts"
import { changeRoot, procDirectory, procViewAbsent } from "./change-root.ts"
import { type Cover, isBelow, prepareCover } from "./covers.ts"
import { type DetachedMount, prepareMounts } from "./detached-mounts.ts"
import { applyDeviceRules } from "./device-cgroup.ts"
import { refuseOwnRoot } from "./refuse-own-root.ts"

export interface Applied {
  /** What could not be done and does not hinder the start. */
  readonly findings: readonly Finding[]
}

/**
 * Faults: ContainerProcessGone, SystemCallFailed, MountTargetHostile, DeviceNodeChanged, HostNotLive, CgroupNotFound,
 * DeviceRulesRefused, DeviceProgramUnreadable, ContainerRootInvalid.
 */
export function applyInNamespace(
  planned: readonly Edit[],
  host: HostFiles,
  container: AppliedContainer,
): Result<Applied> {
  const way = container.openWay()
  if (!way.ok) return way
  const findings: Finding[] = []
  const edits = withoutProcView(planned, findings)
  const mounts = prepareMounts(
    edits.filter((edit) => edit.kind === "deviceNode" || edit.kind === "mount"),
    host,
    findings,
  )
  if (!mounts.ok) return mounts
  const covers = prepareCovers(edits, mounts.value)
  if (!covers.ok) return covers
  const ruled = applyDeviceRules(
    container,
    edits.filter((edit) => edit.kind === "cgroupRule"),
  )
  if (!ruled.ok) return ruled
  findings.push(...ruled.value)
  for (const edit of edits) if (edit.kind === "gid" || edit.kind === "env") findings.push(comesTooLate(edit))

  const machine = statSync("/")
  const entered = way.value.enter()
  if (!entered.ok) return entered
  const opened = openRoot(container.rootPath, way.value.owner)
  if (!opened.ok) return opened
  const root = refuseOwnRoot(opened.value, container.rootPath, machine)
  if (!root.ok) return root
  actAs(root.value.owner)
  const changed = changeRoot(root.value, { mounts: mounts.value, covers: covers.value, edits }, findings)
  actAs({ uid: 0, gid: 0 })
  return changed.ok ? ok({ findings }) : changed
}

function prepareCovers(edits: readonly Edit[], mounts: readonly DetachedMount[]): Result<readonly Cover[]> {
  const files = edits.filter((edit) => edit.kind === "file")
  const covers: Cover[] = []
  for (const edit of edits) {
    if (edit.kind !== "cover") continue
    const made = prepareCover(edit, files, mounts)
    if (!made.ok) return made
    covers.push(made.value)
  }
  return ok(covers)
}

const comesTooLate = (edit: Extract<Edit, { readonly kind: "gid" | "env" }>): Finding => ({
  severity: "note",
  fault: fault("ProcessFixed", {
    what: edit.kind === "gid" ? `group ${edit.gid}` : `variable ${edit.name}`,
  }),
  evidence: [],
})

/**
 * Where the kernel has no NVIDIA module, the container's proc has no such directory either: found out before anything is made,
 * because the kernel takes its time to take a mount down that nobody has attached.
 */
function withoutProcView(edits: readonly Edit[], findings: Finding[]): readonly Edit[] {
  if (lstatSync(procDirectory, { throwIfNoEntry: false }) !== undefined) return edits
  const rest = edits.filter((edit) => {
    if (edit.kind === "cover") return edit.path !== procDirectory
    const place = edit.kind === "mount" ? edit.containerPath : edit.kind === "file" ? edit.path : ""
    return !isBelow(place, procDirectory)
  })
  if (rest.length < edits.length) findings.push(procViewAbsent())
  return rest
}
