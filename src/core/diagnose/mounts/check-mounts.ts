/**
 * What specifications mount, on the machine: there, of a kind that can be mounted to any use, and where it is a socket, with somebody who
 * listens.
 */

import { hostPathOf, isBindMount, type Mount } from "../../cdi/spec.ts"
import type { CdiPlace } from "../../fault/cdi-place.ts"
import { type Fault, fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { FileStat } from "../../host/host.ts"
import { observeListening, serviceOf } from "../../inventory/listening.ts"
import type { HostPath } from "../../text/brand.ts"
import { baseName } from "../../text/path.ts"
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

/** A path of the machine that is mounted, with what lies there. */
export interface MountSource {
  readonly path: string
  readonly uses: Uses<Mount>
  readonly at:
    | { readonly kind: "there"; readonly resolved: HostPath; readonly stat: FileStat }
    | Absent
    /** Who looks may not see it. */
    | { readonly kind: "hidden"; readonly problem: Fault }
    /** A recording does not say. */
    | { readonly kind: "unknown" }
}

interface Absent {
  readonly kind: "absent"
  readonly errno: string
}

/** Order: as used first. */
export const observeMountSources = (
  subject: CdiSubject,
  mounts: readonly Use<Mount>[],
): readonly MountSource[] =>
  groupUses(
    // Where a runtime would look for a relative one nobody knows.
    mounts.filter(({ item }) => isBindMount(item) && item.hostPath.startsWith("/")),
    ({ hostPath: path }) => path,
  ).map(([path, uses]) => ({ path, uses, at: look(subject, path) }))

function look(subject: CdiSubject, path: string): MountSource["at"] {
  const resolved = subject.view.resolve(path)
  if (!resolved.ok) return unseen(subject, path, resolved.fault)
  const stat = subject.view.lstat(resolved.value)
  return stat.ok
    ? { kind: "there", resolved: resolved.value, stat: stat.value }
    : unseen(subject, path, stat.fault)
}

function unseen(subject: CdiSubject, path: string, problem: Fault): MountSource["at"] {
  if (isUnrecorded(subject, path, problem)) return { kind: "unknown" }
  if (isHidden(subject, problem)) return { kind: "hidden", problem }
  return { kind: "absent", errno: problem.tag === "HostReadFailed" ? problem.data.errno : "EIO" }
}

/** `explained`: what is not there for a reason that is told once for all. Order: as first used. */
export function checkMounts(
  subject: CdiSubject,
  sources: readonly MountSource[],
  explained: ReadonlySet<string>,
): readonly Finding[] {
  const served = lazily(() => servedPlaces(subject, sources))
  return sources.flatMap(({ path, uses, at }): readonly Finding[] => {
    const place = placeOf(uses[0], "hostPath")
    const others = otherPlaces(uses, "hostPath")
    const missing = (errno: string): readonly Finding[] => [
      found("error", fault("CdiPathMissing", { place, path, errno }), ...others),
    ]
    if (at.kind === "unknown") return []
    if (at.kind === "hidden") return [found("warning", at.problem, renderPlace(place), ...others)]
    if (at.kind === "absent") return explained.has(path) ? [] : missing(at.errno)
    const { kind } = at.stat
    if (kind === "character" || kind === "block") return checkMountedNode(subject, path, at.stat, uses)
    if (path.endsWith("/") && kind !== "directory") return missing("ENOTDIR")
    const isDead = kind === "socket" && served()?.has(at.resolved) === false
    return [
      ...(isDead ? [deadSocket(at.resolved, place, others)] : []),
      // A mount needs the way to its source, and who runs in the container to read it.
      ...checkRights(subject, uses, { path, resolved: at.resolved, access: ["read"], field: "hostPath" }),
    ]
  })
}

/** A mount brings a node without the right to open it. */
function checkMountedNode(
  subject: CdiSubject,
  path: string,
  stat: FileStat,
  uses: Uses<Mount>,
): readonly Finding[] {
  const closed = uses.filter((use) => !mayOpen(subject, stat, use))
  const [first] = closed
  if (first === undefined) return []
  const has = `${stat.kind} device ${stat.major}:${stat.minor}`
  return [
    found(
      "warning",
      fault("CdiMountOfNode", { place: placeOf(first, "hostPath"), path, has }),
      ...otherPlaces(closed, "hostPath"),
    ),
  ]
}

/**
 * Where sockets lie that somebody listens at, of those called as a mounted one; who listens may have another name for the place, as /var/run is one
 * of /run. undefined: the machine does not tell.
 */
function servedPlaces(
  { host, view }: CdiSubject,
  sources: readonly MountSource[],
): ReadonlySet<string> | undefined {
  const listening = observeListening(host)
  if (listening === undefined) return undefined
  const wanted = new Set(sources.flatMap(({ at }) => (at.kind === "there" ? [baseName(at.resolved)] : [])))
  return new Set(
    listening.flatMap((path) => {
      if (!wanted.has(baseName(path))) return []
      const resolved = view.resolve(path)
      return resolved.ok ? [path, resolved.value] : [path]
    }),
  )
}

/** A node with these numbers is given too: rights go by them, whatever it is called. */
const mayOpen = (subject: CdiSubject, mounted: FileStat, { source, device }: Use<Mount>): boolean =>
  [source.spec.containerEdits, ...(device === undefined ? [] : [device.device.containerEdits])].some(
    ({ deviceNodes }) =>
      deviceNodes.some((node) => {
        const at = look(subject, hostPathOf(node))
        return (
          at.kind === "there" &&
          at.stat.kind === mounted.kind &&
          at.stat.major === mounted.major &&
          at.stat.minor === mounted.minor
        )
      }),
  )

/** A container starts all the same, and does without the service. */
const deadSocket = (path: HostPath, place: CdiPlace, others: readonly string[]): Finding =>
  found(
    "warning",
    fault("SocketDead", { path, service: serviceAt(path) }),
    `/proc/net/unix: no listener at ${path}`,
    renderPlace(place),
    ...others,
  )

/** Empty: none of the driver's. */
const serviceAt = (path: string): string =>
  Object.values(serviceOf).find(({ isPlace }) => isPlace(path))?.service ?? ""

/** Makes it when it is asked for first, and once. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
