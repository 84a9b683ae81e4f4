/**
 * Device nodes of specifications beside those of the machine: there at all, of the type and with the numbers that are written. Engines
 * look at a node itself, never where a link leads. Source: the released Go package (facts §6.5, step 2).
 */

import { type DeviceNode, hostPathOf } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { FileKind, FileStat } from "../host/host.ts"
import { findAbsence } from "../inventory/find-absence.ts"
import { presentNodes } from "../inventory/present-nodes.ts"
import { hostPath } from "../text/brand.ts"
import type { Access } from "./access.ts"
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
} from "./cdi-subject.ts"
import { checkNodeModes, type Needed } from "./check-node-modes.ts"
import { checkRights } from "./check-rights.ts"

/** Order: as used first. */
export function checkNodes(subject: CdiSubject, nodes: readonly Use<DeviceNode>[]): readonly Finding[] {
  const known = knownNodes(subject)
  return groupUses(nodes, hostPathOf).flatMap(([path, uses]) => checkNode(subject, known, path, uses))
}

/** The machine's nodes: by their numbers those of which the driver looks for the name, by their path all. */
interface KnownNodes {
  readonly names: ReadonlyMap<string, readonly string[]>
  readonly numbers: ReadonlyMap<string, string>
  /** Of what the driver has, by the path that it looks for, where nobody has made the node. */
  readonly unmade: ReadonlyMap<string, string>
}

function knownNodes({ snapshot, host }: CdiSubject): KnownNodes {
  const nodes = presentNodes(snapshot.inventory)
  const own = nodes.filter(({ path }) => path.startsWith("/dev/nvidia"))
  return {
    names: new Map([...Map.groupBy(own, numbersOf)].map(([key, all]) => [key, all.map(({ path }) => path)])),
    numbers: new Map(nodes.map((node) => [node.path, numbersOf(node)])),
    unmade: new Map(
      findAbsence(host, snapshot.inventory, { setsModes: true }).nodes.map((node) => [
        node.path,
        numbersOf(node),
      ]),
    ),
  }
}

const numbersOf = ({ major, minor }: Pick<FileStat, "major" | "minor">): string => `${major}:${minor}`

const letters: Partial<Record<FileKind, string>> = { character: "c", block: "b", fifo: "p" }

function checkNode(
  subject: CdiSubject,
  known: KnownNodes,
  path: string,
  uses: Uses<DeviceNode>,
): readonly Finding[] {
  const [first] = uses
  const place = placeOf(first)
  const places = otherPlaces(uses)
  const stat = subject.host.lstat(hostPath(path))
  if (!stat.ok && isUnrecorded(subject, path, stat.fault)) return []
  if (!stat.ok) {
    if (stat.fault.tag !== "HostReadFailed" || stat.fault.data.reason !== "absent")
      return [found("warning", stat.fault, renderPlace(place), ...places)]
    // Engines make such a node without a look, for whatever it is good; in a user namespace they have to mount one.
    const isMade = subject.user.uid === 0 && uses.every(({ item }) => isWhole(item))
    // So Kubernetes' resource driver gives rights over MIG and channels, which it makes nowhere else.
    const isNamed = uses.every(({ item }) => item.path === path && (item.type === "c" || item.type === "u"))
    const wanted = isMade && isNamed ? driverNumbers(subject, known, path) : undefined
    if (wanted !== undefined) return checkNumbers(path, { has: wanted, isThere: false }, uses)
    const severity = isMade ? "warning" : "error"
    return [found(severity, fault("CdiHostNodeMissing", { path, place }), ...places)]
  }
  const letter = letters[stat.value.kind]
  const others = uses.filter(({ item }) =>
    item.type === "" ? letter === undefined : item.type !== letter && !(item.type === "u" && isWhole(item)),
  )
  if (others.length > 0)
    return groupUses(others, ({ type }) => type).map(([type, ones]) =>
      found(
        "error",
        fault("CdiHostNodeOther", {
          place: placeOf(ones[0]),
          path: ones[0].item.path,
          hostPath: path,
          expected: type || "b, c or p",
          found: letter ?? stat.value.kind,
        }),
        ...otherPlaces(ones),
      ),
    )
  return [
    ...checkNumbers(path, { has: numbersOf(stat.value), isThere: true }, uses),
    ...checkNodeNames(known, path, stat.value, uses),
    ...checkDrift(subject, path, stat.value, uses),
    ...checkPermissions(path, uses),
    // Others than root make no nodes: the machine's own is mounted, with its mode and owner.
    ...(subject.user.uid === 0
      ? checkNodeModes(path, { stat: stat.value, engines: subject.engines }, uses, (use) =>
          neededOf(path, use),
        )
      : []),
    ...checkRights(subject, uses, { path, resolved: path, access: accessTo(path), field: undefined }),
  ]
}

/** Engines ask nothing of the machine. Source: the released Go package. */
const isWhole = ({ type, major }: DeviceNode): boolean => type === "p" || (type !== "" && major !== 0)

/** Of what the driver's programs look for under that name; undefined: nothing of the driver's is called so. */
function driverNumbers({ snapshot }: CdiSubject, { unmade }: KnownNodes, path: string): string | undefined {
  const channel = /^\/dev\/nvidia-caps-imex-channels\/channel(0|[1-9]\d{0,4})$/.exec(path)?.[1]
  const major = snapshot.inventory.majors["nvidia-caps-imex-channels"]
  return channel !== undefined && major !== undefined ? `${major}:${channel}` : unmade.get(path)
}

/** Rights over MIG and IMEX channels are opened for reading, and for nothing else. */
const isRight = (path: string): boolean => /\/nvidia-caps(?:-imex-channels)?\//.test(path)

const accessTo = (path: string): readonly Access[] => (isRight(path) ? ["read"] : ["read", "write"])

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
  const names = (numbers === undefined ? undefined : known.names.get(numbers)) ?? []
  const isWrong = ({ item }: Use<DeviceNode>): boolean => {
    const others = known.numbers.get(item.path)
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

/** Nodes through which GPUs are used. What others are for is their vendors' affair. */
const isOfGpu = (path: string): boolean => /^\/dev\/(?:nvidia|kfd$|dri\/renderD)/.test(path)

/** undefined: it is no GPU's. */
function neededOf(path: string, { item }: Use<DeviceNode>): Needed {
  if (!isOfGpu(path) && !isOfGpu(item.path)) return undefined
  return isRight(path) || isRight(item.path) ? "reading" : "reading and writing"
}

function checkPermissions(path: string, uses: readonly Use<DeviceNode>[]): readonly Finding[] {
  const isNarrow = (use: Use<DeviceNode>): boolean => {
    const { permissions } = use.item
    const mayRead = permissions.includes("r")
    const needed = neededOf(path, use)
    return (
      needed !== undefined &&
      permissions !== "" &&
      !(mayRead && (needed === "reading" || permissions.includes("w")))
    )
  }
  const narrow = uses.filter(isNarrow)
  return groupUses(narrow, ({ permissions }) => permissions).map(([permissions, ones]) =>
    found(
      "warning",
      fault("CdiNodeNarrow", {
        place: placeOf(ones[0], "permissions"),
        path,
        permissions,
        needed: neededOf(path, ones[0]) ?? "",
      }),
      ...otherPlaces(ones, "permissions"),
    ),
  )
}

/** Majors that the kernel gives out from the top down when a module asks for any. Source: the kernel's list of devices. */
const isGivenOut = (major: number): boolean =>
  (major >= 234 && major <= 254) || (major >= 384 && major <= 511)

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
