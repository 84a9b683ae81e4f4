/**
 * A plan's edits, divided by who does them for a wrapper that acts before the runtime: what stands in config.json and the runtime does;
 * what is done in the root, which is mounted already; links below /dev, over which a mount of the container will lie; and the one thing that
 * only a hook can do, since runtimes refuse mounts inside proc.
 */

import { type Fault, fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { SpecBind, SpecEdits } from "../oci/edit-spec.ts"
import type { HostPath } from "../text/brand.ts"
import { absolutePath, cleanPath, parentPath } from "../text/path.ts"
import type { CdiDeviceEdit, Edit, MountEdit, SymlinkEdit } from "./edit.ts"

export interface WrapperPlaces {
  /** What the machine is called. */
  readonly machine: string
  /** Where a file of the machine lies for the runtime; undefined: the machine is only data. */
  sourceOf(path: HostPath): string | undefined
  /** In a user namespace the runtime cannot make nodes: it would bind the machine's own of the same path, which may not be these. */
  readonly hasUserNamespace: boolean
  /** Who asks is in a user namespace, in which groups that it does not have are seen as this one. */
  readonly unknownGid: number | undefined
  /** Destinations of the container's own mounts, clean. */
  readonly mountedOver: readonly string[]
}

/** Plain data, so that it can be kept for the next container that asks for the same. */
export interface DividedEdits {
  /** What the runtime does, but for hooks: these say where the container's root lies. */
  readonly spec: Omit<SpecEdits, "createContainerHooks">
  /** A hook has to bind the driver's parameters. */
  readonly needsParamsHook: boolean
  /** Order: as planned. */
  readonly inRoot: readonly Edit[]
  /** Directories of links to nodes, to be mounted whole, because what is written into the root would not be seen there. */
  readonly linkDirectories: readonly LinkDirectory[]
  /** What specifications add to config.json behind all that. Order: as planned. */
  readonly cdiDevices: readonly CdiDeviceEdit[]
  readonly findings: readonly Finding[]
}

export interface LinkDirectory {
  readonly path: string
  readonly links: readonly SymlinkEdit[]
}

/** Another tool's hooks, which would do the work a second time. */
const otherHooks = ["nvidia-container-runtime-hook", "nvidia-container-toolkit"]

const isBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`)

/** Faults: HostNotLive. */
export function divideEdits(edits: readonly Edit[], places: WrapperPlaces): Result<DividedEdits> {
  const mounts: SpecBind[] = []
  const inRoot: Edit[] = []
  const additionalGids: number[] = []
  const linkDirectories = new Map<string, SymlinkEdit[]>()
  const findings: Finding[] = []
  let hasParams = false
  const mountBehind = findMounts(edits)
  const cdiDevices = edits.flatMap((edit) => (edit.kind === "cdiDevice" ? [edit] : []))
  const theirMounts = cdiDevices.flatMap(({ containerEdits }) => containerEdits.mounts)
  const mountedOver = [...places.mountedOver, ...theirMounts.map((mount) => cleanPath(mount.containerPath))]
  const isMountedOver = (path: string): boolean =>
    mountedOver.some((place) => place !== "/" && isBelow(path, place))
  for (const edit of edits)
    switch (edit.kind) {
      case "mount": {
        if (isBelow(edit.containerPath, "/proc")) break
        const bind = bindOf(edit.hostPath, edit.containerPath, edit.options, places)
        if (!bind.ok) return bind
        mounts.push(bind.value)
        break
      }
      case "deviceNode": {
        if (!places.hasUserNamespace) break
        const bind = bindOf(edit.hostPath, edit.path, ["nosuid", "noexec"], places)
        if (!bind.ok) return bind
        mounts.push(bind.value)
        break
      }
      case "symlink": {
        if (!isMountedOver(edit.path)) {
          inRoot.push(edit)
          break
        }
        if (isBelow(edit.path, "/dev")) {
          const directory = parentPath(edit.path)
          linkDirectories.set(directory, [...(linkDirectories.get(directory) ?? []), edit])
          break
        }
        const mounted = mountBehind(edit)
        if (mounted === undefined) {
          findings.push(hidden(edit.path))
          break
        }
        const bind = bindOf(mounted.hostPath, edit.path, mounted.options, places)
        if (!bind.ok) return bind
        mounts.push(bind.value)
        break
      }
      case "gid":
        if (edit.gid === places.unknownGid) findings.push(unknownGroup)
        else additionalGids.push(edit.gid)
        break
      case "file":
      case "ldcache":
      case "muslPath":
        if (isBelow(edit.path, "/proc")) hasParams ||= edit.path.endsWith("/params")
        else if (!isMountedOver(edit.path)) inRoot.push(edit)
        else findings.push(hidden(edit.path))
        break
      default:
        break
    }
  const spec: DividedEdits["spec"] = {
    devices: places.hasUserNamespace
      ? []
      : edits.flatMap((edit) => (edit.kind === "deviceNode" ? [edit] : [])),
    deviceRules: edits.flatMap((edit) => (edit.kind === "cgroupRule" ? [edit] : [])),
    mounts,
    env: edits.flatMap((edit) => (edit.kind === "env" ? [edit] : [])),
    additionalGids,
    prestartHooksGone: otherHooks,
  }
  return ok({
    spec,
    needsParamsHook: hasParams,
    inRoot,
    linkDirectories: [...linkDirectories].map(([path, links]) => ({ path, links })),
    cdiDevices,
    findings,
  })
}

/**
 * The plan's mount to which a link leads, over other links of the plan. Where a volume lies over a library's directory, the library is mounted
 * under the link's name too: a directory of links there would hide the volume, and the library itself.
 */
function findMounts(edits: readonly Edit[]): (link: SymlinkEdit) => MountEdit | undefined {
  const links = new Map<string, SymlinkEdit>()
  const mounts = new Map<string, MountEdit>()
  for (const edit of edits)
    if (edit.kind === "symlink") links.set(edit.path, edit)
    else if (edit.kind === "mount") mounts.set(edit.containerPath, edit)
  return (link) => {
    let next: SymlinkEdit | undefined = link
    for (let count = 0; next !== undefined && count < longestChain; count++) {
      const path: string = absolutePath(next.target, parentPath(next.path))
      const mount = mounts.get(path)
      if (mount !== undefined) return mount
      next = links.get(path)
    }
    return undefined
  }
}

/** As many links as the kernel follows. */
const longestChain = 40

function bindOf(
  from: HostPath,
  destination: string,
  options: readonly string[],
  places: WrapperPlaces,
): Result<SpecBind> {
  const source = places.sourceOf(from)
  if (source === undefined) return fail(fault("HostNotLive", { name: places.machine }))
  return ok({ source, destination, options: [...options, "rbind", "rprivate"] })
}

/** To give it would help nobody, and fails a start where the namespace has few groups. */
const unknownGroup: Finding = { severity: "note", fault: fault("GroupUnknown", {}), evidence: [] }

const hidden = (path: string): Finding => ({
  severity: "warning",
  fault: hiddenFault(path),
  evidence: [`${path}: a mount of the container lies over it`],
})

const hiddenFault = (path: string): Fault =>
  fault("ContainerPlaceReadOnly", {
    path,
    consequence: "a mount of the container hides what is written there",
  })
