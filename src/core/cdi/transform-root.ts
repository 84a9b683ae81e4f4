/**
 * A specification whose paths lie below another root: for a driver that a container holds, or a machine that is mounted somewhere.
 * Source: what the reference's `cdi transform root` changes (facts, toolkit §1.3).
 */

import { joinPath } from "../text/path.ts"
import { mapEdits } from "./edits/map-edits.ts"
import {
  type CdiSpec,
  type ContainerEdits,
  type DeviceNode,
  type Hook,
  hostPathOf,
  type Mount,
} from "./spec.ts"

export interface RootChange {
  /** An absolute path, as `to` is. */
  readonly from: string
  readonly to: string
  /** Whose paths: those that the machine resolves, or those that the container sees. */
  readonly relativeTo: "host" | "container"
}

/**
 * What lies below `from` lies below `to`; the rest stays. A path that only begins with the same letters is not below: `/run/driver2` beside
 * `/run/driver`. The version stays too, and may be too low then, where a device node gets a hostPath: set it to minimumVersion's.
 */
export function transformRoot(spec: CdiSpec, change: RootChange): CdiSpec {
  if (joinPath(change.from) === joinPath(change.to)) return spec
  const move = (path: string): string => movePath(path, change)
  const transform = change.relativeTo === "host" ? transformHost : transformContainer
  return mapEdits(spec, (edits) => transform(edits, move))
}

function movePath(path: string, { from, to }: RootChange): string {
  const root = joinPath(from)
  if (path === root) return joinPath(to)
  const below = root === "/" ? root : `${root}/`
  return path.startsWith(below) ? joinPath(to, path.slice(below.length)) : path
}

type Move = (path: string) => string

/** An argument may name two paths, `target::link`. */
function moveArgument(arg: string, move: Move): string {
  const [first = "", ...rest] = arg.split("::")
  return rest.length === 0 ? move(arg) : `${move(first)}::${move(rest.join("::"))}`
}

const runsInside = ({ hookName }: Hook): boolean =>
  hookName === "createContainer" || hookName === "startContainer"

/** A node's `hostPath`: none where it says what the path says, for which a specification would need a newer version. */
const besidePath = (hostPath: string, path: string): string => (hostPath === path ? "" : hostPath)

function transformHost(edits: ContainerEdits, move: Move): ContainerEdits {
  return {
    ...edits,
    deviceNodes: edits.deviceNodes.map((node): DeviceNode => {
      const before = hostPathOf(node)
      const hostPath = move(before)
      return hostPath === before ? node : { ...node, hostPath: besidePath(hostPath, node.path) }
    }),
    mounts: edits.mounts.map((mount): Mount => ({ ...mount, hostPath: move(mount.hostPath) })),
    hooks: edits.hooks.map(
      (hook): Hook => ({
        ...hook,
        path: hook.hookName === "startContainer" ? hook.path : move(hook.path),
        args: runsInside(hook) ? hook.args : hook.args.map((arg) => moveArgument(arg, move)),
      }),
    ),
  }
}

function transformContainer(edits: ContainerEdits, move: Move): ContainerEdits {
  return {
    ...edits,
    deviceNodes: edits.deviceNodes.map((node): DeviceNode => {
      const path = move(node.path)
      // What was one path for both is the machine's from now on.
      return path === node.path ? node : { ...node, path, hostPath: besidePath(hostPathOf(node), path) }
    }),
    mounts: edits.mounts.map((mount): Mount => ({ ...mount, containerPath: move(mount.containerPath) })),
    hooks: edits.hooks.map(
      (hook): Hook => ({
        ...hook,
        path: hook.hookName === "startContainer" ? move(hook.path) : hook.path,
        args: runsInside(hook) ? hook.args.map((arg) => moveArgument(arg, move)) : hook.args,
      }),
    ),
  }
}
