/** Detached mounts of the host's nodes, files, directories and sockets, each checked on what was opened, with its attributes set. */

import { fstatSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { DeviceNodeEdit, MountEdit } from "../core/plan/edit.ts"
import type { HostPath } from "../core/text/brand.ts"
import { toFileStat } from "../host/files/file-system.ts"
import type { TargetKind } from "../linux/in-root.ts"
import { cloneMount, mountAttribute, setMountAttributes } from "../linux/mounts.ts"

/** A mount that hangs nowhere yet, and where it goes. */
export interface DetachedMount {
  /** Its descriptor. */
  readonly mount: number
  /** In the container. */
  readonly target: string
  readonly kind: TargetKind
  /** Where it cannot be attached, that is a finding. */
  readonly isOptional: boolean
}

/**
 * Order: as planned; what is optional and is gone meanwhile, such as a service's socket, is left out and told of.
 * Faults: SystemCallFailed, MountTargetHostile, DeviceNodeChanged, HostNotLive.
 */
export function prepareMounts(
  edits: readonly (DeviceNodeEdit | MountEdit)[],
  host: HostFiles,
  findings: Finding[],
): Result<readonly DetachedMount[]> {
  const prepared: DetachedMount[] = []
  for (const edit of edits) {
    const made = edit.kind === "deviceNode" ? prepareNode(edit, host) : prepareMount(edit, host)
    if (made.ok) prepared.push(made.value)
    else if (edit.kind === "deviceNode" || !edit.isOptional) return made
    else findings.push({ severity: "warning", fault: made.fault, evidence: [edit.hostPath] })
  }
  return ok(prepared)
}

function cloneOf(path: HostPath, host: HostFiles): Result<number> {
  const live = host.livePath(path)
  return live === undefined ? fail(fault("HostNotLive", { name: host.provenance.name })) : cloneMount(live)
}

function prepareNode(edit: DeviceNodeEdit, host: HostFiles): Result<DetachedMount> {
  const cloned = cloneOf(edit.hostPath, host)
  if (!cloned.ok) return cloned
  // Checked on what was opened, not on the path: the node may have changed since the plan.
  const { kind, major, minor } = toFileStat(fstatSync(cloned.value))
  if (kind !== "character" || major !== edit.major || minor !== edit.minor)
    return fail(fault("DeviceNodeChanged", { path: edit.hostPath, planned: `${edit.major}:${edit.minor}` }))
  const { readOnly, noSuid, noExec, noDev } = mountAttribute
  const set = setMountAttributes(cloned.value, readOnly | noSuid | noExec, noDev, edit.hostPath)
  return set.ok ? ok({ mount: cloned.value, target: edit.path, kind: "file", isOptional: false }) : set
}

/** Of a mount, by what a plan calls it. */
const attributes = {
  ro: mountAttribute.readOnly,
  nosuid: mountAttribute.noSuid,
  nodev: mountAttribute.noDev,
  noexec: mountAttribute.noExec,
} as const

function prepareMount(edit: MountEdit, host: HostFiles): Result<DetachedMount> {
  const cloned = cloneOf(edit.hostPath, host)
  if (!cloned.ok) return cloned
  const stat = fstatSync(cloned.value)
  if (!stat.isFile() && !stat.isDirectory() && !stat.isSocket())
    return fail(fault("MountTargetHostile", { path: edit.hostPath, expected: "file" }))
  const set = setMountAttributes(
    cloned.value,
    edit.options.reduce((sum, option) => sum | attributes[option], 0),
    // A directory of nodes is of no use where nodes do not count.
    edit.options.includes("nodev") ? 0 : mountAttribute.noDev,
    edit.hostPath,
  )
  if (!set.ok) return set
  return ok({
    mount: cloned.value,
    target: edit.containerPath,
    kind: stat.isDirectory() ? "directory" : "file",
    isOptional: edit.isOptional,
  })
}
