/**
 * Device nodes of specifications beside those of the machine: there at all, of the type and with the numbers that are written. Engines
 * look at a node itself, never where a link leads. Source: the released Go package (facts §6.5, step 2).
 */

import { type DeviceNode, hostPathOf } from "../../cdi/spec.ts"
import { type Fault, fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { FileKind, FileStat } from "../../host/host.ts"
import { hostPath } from "../../text/brand.ts"
import {
  type CdiSubject,
  found,
  groupUses,
  isUnrecorded,
  otherPlaces,
  placeOf,
  renderPlace,
  type Use,
  type Uses,
} from "../cdi-subject.ts"
import { checkRights } from "../check-rights.ts"
import { checkNodeModes } from "./check-node-modes.ts"
import { driverNumbers, type KnownNodes, knownNodes, numbersOf } from "./known-nodes.ts"
import { accessTo, neededOf } from "./node-needs.ts"

/** Order: as used first. */
export function checkNodes(subject: CdiSubject, nodes: readonly Use<DeviceNode>[]): readonly Finding[] {
  const known = knownNodes(subject)
  return groupUses(nodes, hostPathOf).flatMap(([path, uses]) => checkNode(subject, known, path, uses))
}

/** As specifications write the types of nodes. */
const letters: Partial<Record<FileKind, string>> = { character: "c", block: "b", fifo: "p" }

function checkNode(
  subject: CdiSubject,
  known: KnownNodes,
  path: string,
  uses: Uses<DeviceNode>,
): readonly Finding[] {
  const stat = subject.host.lstat(hostPath(path))
  if (!stat.ok) return checkUnseen(subject, known, { path, problem: stat.fault }, uses)
  const others = checkTypes(path, stat.value, uses)
  if (others.length > 0) return others
  return [
    ...checkNumbers(path, { has: numbersOf(stat.value), isThere: true }, uses),
    ...checkNodeNames(known, path, stat.value, uses),
    ...checkDrift(subject, path, stat.value, uses),
    ...checkPermissions(path, uses),
    // Others than root make no nodes: the machine's own is mounted, with its mode and owner.
    ...(subject.user.uid === 0
      ? checkNodeModes(path, { stat: stat.value, engines: subject.engines }, uses)
      : []),
    ...checkRights(subject, uses, { path, resolved: path, access: accessTo(path), field: undefined }),
  ]
}

/** A node that is not there, or cannot be looked at. `problem`: how the look ended. */
function checkUnseen(
  subject: CdiSubject,
  known: KnownNodes,
  { path, problem }: { readonly path: string; readonly problem: Fault },
  uses: Uses<DeviceNode>,
): readonly Finding[] {
  if (isUnrecorded(subject, path, problem)) return []
  const place = placeOf(uses[0])
  const places = otherPlaces(uses)
  if (problem.tag !== "HostReadFailed" || problem.data.reason !== "absent")
    return [found("warning", problem, renderPlace(place), ...places)]
  // Engines make such a node without a look, for whatever it is good; in a user namespace they have to mount one.
  const isMade = subject.user.uid === 0 && uses.every(({ item }) => isWhole(item))
  // So Kubernetes' resource driver gives rights over MIG and channels, which it makes nowhere else.
  const isNamed = uses.every(({ item }) => item.path === path && (item.type === "c" || item.type === "u"))
  const wanted = isMade && isNamed ? driverNumbers(subject, known, path) : undefined
  if (wanted !== undefined) return checkNumbers(path, { has: wanted, isThere: false }, uses)
  return [found(isMade ? "warning" : "error", fault("CdiHostNodeMissing", { path, place }), ...places)]
}

/** What lies there is no node, or of another type than is written. One finding a written type. */
function checkTypes(path: string, { kind }: FileStat, uses: Uses<DeviceNode>): readonly Finding[] {
  const letter = letters[kind]
  const others = uses.filter(({ item }) =>
    item.type === "" ? letter === undefined : item.type !== letter && !(item.type === "u" && isWhole(item)),
  )
  return groupUses(others, ({ type }) => type).map(([type, ones]) =>
    found(
      "error",
      fault("CdiHostNodeOther", {
        place: placeOf(ones[0]),
        path: ones[0].item.path,
        hostPath: path,
        expected: type || "b, c or p",
        found: letter ?? kind,
      }),
      ...otherPlaces(ones),
    ),
  )
}

/** Engines ask nothing of the machine. Source: the released Go package. */
const isWhole = ({ type, major }: DeviceNode): boolean => type === "p" || (type !== "" && major !== 0)

/** Numbers that are written, and those that the node has now, or would have. */
function checkNumbers(
  path: string,
  { has, isThere }: { readonly has: string; readonly isThere: boolean },
  uses: readonly Use<DeviceNode>[],
): readonly Finding[] {
  const wrong = uses.filter(({ item }) => item.major !== 0 && numbersOf(item) !== has)
  return groupUses(wrong, ({ major, minor }) => `${major}:${minor}`).map(([written, ones]) =>
    found(
      "error",
      fault("CdiNodeNumbersStale", { place: placeOf(ones[0], "major"), path, written, has, isThere }),
      `${path}: ${has}`,
      ...otherPlaces(ones, "major"),
    ),
  )
}

/**
 * The driver's libraries work out the names of its nodes from numbers and find them under no others. DRM nodes, and those of network cards, are
 * found by their numbers alone; but one that has another one's name on this machine is taken for that.
 */
function checkNodeNames(
  known: KnownNodes,
  path: string,
  stat: FileStat,
  uses: readonly Use<DeviceNode>[],
): readonly Finding[] {
  // Block devices have numbers of their own: none is the driver's, whatever its numbers.
  const numbers = stat.kind === "character" ? numbersOf(stat) : undefined
  const names = (numbers === undefined ? undefined : known.pathsByNumbers.get(numbers)) ?? []
  const isWrong = ({ item }: Use<DeviceNode>): boolean => {
    const others = known.numbersByPath.get(item.path)
    return (names.length > 0 && !names.includes(item.path)) || (others !== undefined && others !== numbers)
  }
  return groupUses(uses.filter(isWrong), ({ path: given }) => given).map(([given, ones]) =>
    found(
      "error",
      fault("CdiNodeMisnamed", { place: placeOf(ones[0], "path"), path, given, wanted: names[0] ?? path }),
      ...otherPlaces(ones, "path"),
    ),
  )
}

/** Permissions by which the container's cgroup keeps its programs from what they need. Empty permissions are all. */
function checkPermissions(path: string, uses: readonly Use<DeviceNode>[]): readonly Finding[] {
  const isNarrow = ({ item }: Use<DeviceNode>): boolean => {
    const needed = neededOf(path, item)
    if (needed === undefined || item.permissions === "") return false
    const mayRead = item.permissions.includes("r")
    const mayWrite = item.permissions.includes("w")
    return !mayRead || (needed === "reading and writing" && !mayWrite)
  }
  const narrow = uses.filter(isNarrow)
  return groupUses(narrow, ({ permissions }) => permissions).map(([permissions, ones]) =>
    found(
      "warning",
      fault("CdiNodeNarrow", {
        place: placeOf(ones[0], "permissions"),
        path,
        permissions,
        needed: neededOf(path, ones[0].item) ?? "",
      }),
      ...otherPlaces(ones, "permissions"),
    ),
  )
}

/** Majors that the kernel gives out from the top down when a module asks for any. Source: the kernel's list of devices. */
const isGivenOut = (major: number): boolean =>
  (major >= 234 && major <= 254) || (major >= 384 && major <= 511)

/** Numbers that are right today, and another module's after the next boot. */
function checkDrift(
  { snapshot }: CdiSubject,
  path: string,
  { major }: FileStat,
  uses: readonly Use<DeviceNode>[],
): readonly Finding[] {
  const name = Object.entries(snapshot.inventory.majors).find(([, number]) => number === major)?.[0]
  const written = uses.filter(({ item }) => item.major === major)
  const [first] = written
  if (first === undefined || name === undefined || !isGivenOut(major)) return []
  return [
    found(
      "note",
      fault("CdiMajorDrifting", { place: placeOf(first, "major"), path, major, name }),
      `/proc/devices: ${major} ${name}`,
      ...otherPlaces(written, "major"),
    ),
  ]
}
