/**
 * Modes and owners that specifications write for device nodes, where they keep the container's own user from what he asked for. Nodes without a
 * written owner are given to that user by engines. Source: the released Go package (facts §6.5, step 2); observed: runc 1.1.5 and 1.5.2 and
 * crun 1.8.1 give a node the mode as it is written.
 */

import { takesMachinesMode } from "../../cdi/rules/engine-versions.ts"
import type { DeviceNode } from "../../cdi/spec.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { FileStat } from "../../host/host.ts"
import type { ObservedEngine } from "../../inventory/observe-engines.ts"
import { meantMode } from "../../text/octal-mode.ts"
import { found, groupUses, otherPlaces, placeOf, type Use, type Uses } from "../cdi-subject.ts"
import { type Needed, neededOf } from "./node-needs.ts"

export interface NodeModes {
  /** Of the machine's node. */
  readonly stat: FileStat
  /** Who gives the nodes; none: nobody knows. */
  readonly engines: readonly ObservedEngine[]
}

/** Root's programs may have the right to open everything; a container's user has none. */
export function checkNodeModes(
  path: string,
  { stat, engines }: NodeModes,
  uses: Uses<DeviceNode>,
): readonly Finding[] {
  const isLeft = leaveModes(engines)
  const closed = uses.filter(
    (use) => !(isLeft && use.item.fileMode === undefined) && isClosed(use, stat, neededOf(path, use.item)),
  )
  return groupUses(closed, ({ fileMode, uid, gid }) => [fileMode, uid, gid].join(" ")).map(([, ones]) => {
    const { fileMode, uid } = ones[0].item
    const field = fileMode === undefined ? "uid" : "fileMode"
    return found(
      "warning",
      fault("CdiNodeClosed", {
        place: placeOf(ones[0], field),
        path,
        mode: modeOf(ones[0], stat),
        isWritten: fileMode !== undefined,
        uid,
        needed: neededOf(path, ones[0].item) ?? "anything",
      }),
      ...otherPlaces(ones, field),
    )
  })
}

/** Whether all that read specifications leave a mode that is not written to the runtime, whose nodes are for everybody. */
function leaveModes(engines: readonly ObservedEngine[]): boolean {
  const levels = engines.flatMap(({ highest }) => (highest === "none" ? [] : [highest]))
  return levels.length > 0 && levels.every((one) => one !== "unknown" && !takesMachinesMode(one))
}

/** Generators write the bits of a node's type beside it, which runtimes pass over. */
const modeOf = ({ item: { fileMode } }: Use<DeviceNode>, has: FileStat): number =>
  (fileMode ?? has.mode) & 0o7777

/** Who writes what the machine has means what the machine means, as rights over MIG are its administrator's. */
function isClosed(use: Use<DeviceNode>, has: FileStat, needed: Needed): boolean {
  const { uid } = use.item
  const mode = modeOf(use, has)
  if (mode === has.mode && (uid === undefined || uid === has.uid)) return false
  if (meantMode(mode) !== undefined) return true
  if (needed === undefined) return (mode & 0o666) === 0
  const wanted = needed === "reading" ? 4 : 6
  // Whose it is not counts as of the group, if he is in it, else as one of the others.
  const shift = uid === undefined ? 6 : isInGroup(use) ? 3 : 0
  return ((mode >> shift) & wanted) !== wanted
}

/** Engines give a node whose group nobody wrote to the group of the container's user. */
const isInGroup = ({ item: { gid }, source, device }: Use<DeviceNode>): boolean =>
  gid === undefined ||
  [source.spec.containerEdits, device?.device.containerEdits].some((edits) =>
    edits?.additionalGids.includes(gid),
  )
