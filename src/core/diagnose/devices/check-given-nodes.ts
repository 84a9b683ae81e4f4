/**
 * Nodes that devices of a specification give beside those that their machine would give under the same names: what is lacking, and what is another
 * device's.
 */

import { allEdits, type ContainerEdits, hostPathOf } from "../../cdi/spec.ts"
import type { CdiPlace } from "../../fault/cdi-place.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { HostFiles } from "../../host/host.ts"
import { hostPath } from "../../text/brand.ts"
import { cleanPath } from "../../text/path.ts"
import { found, type Winner } from "../cdi-subject.ts"
import type { SpecTwin } from "./spec-twin.ts"

/** Order: lacking nodes, then those of others; of each devices as in the file. */
export function checkGivenNodes(host: HostFiles, winner: Winner, twin: SpecTwin): readonly Finding[] {
  const judged = judgeDevices(host, winner, twin)
  return [
    ...tellTogether(judged, "lacks", ({ place, lacks: nodes }, devices) =>
      found(
        nodes.some((path) => isVital(twin.made.kind, path)) ? "error" : "warning",
        fault("CdiNodesLacking", { place, devices, nodes }),
        ...nodes,
      ),
    ),
    ...tellTogether(judged, "beyond", ({ place, beyond: nodes }, devices) =>
      found("warning", fault("CdiNodesBeyond", { place, devices, nodes }), ...nodes),
    ),
  ]
}

interface JudgedDevice {
  readonly name: string
  readonly place: CdiPlace
  /** Nodes that its twin has, by path in the container. */
  readonly lacks: readonly string[]
  /** Nodes that are other devices', by path on the machine. */
  readonly beyond: readonly string[]
}

/** Those that the twin has too. Order: as in the file. */
function judgeDevices(
  host: HostFiles,
  { source, devices }: Winner,
  { made, whole, drawing }: SpecTwin,
): readonly JudgedDevice[] {
  const nodesBehind = createNodeReader(host)
  const everyones = nodesBehind(allEdits(whole))
  const twins = new Map(made.devices.map(({ name, containerEdits }) => [name, containerEdits]))
  const drawsAny = allEdits(source.spec).some(hasDrm)
  return devices.flatMap(({ device: { device, name }, index }): readonly JudgedDevice[] => {
    const twin = twins.get(device.name)
    if (twin === undefined) return []
    const given = [source.spec.containerEdits, device.containerEdits]
    const wanted = [made.containerEdits, twin]
    const place = source.locate(["devices", index, "name"])
    const givenNodes = nodesOf(given)
    const lacks = [...nodesOf(wanted)].filter(
      (path) =>
        !givenNodes.has(path) && !isMounted(path, given) && (drawsAny || !path.startsWith("/dev/dri/")),
    )
    const own = nodesBehind(wanted)
    const ownDrawing = new Set([...nodesOf(wanted)].flatMap((path) => drawing.get(path) ?? []))
    const beyond = [...nodesBehind(given)].flatMap(([node, path]) =>
      everyones.has(node) && !own.has(node) && !ownDrawing.has(path) ? [path] : [],
    )
    return [{ name, place, lacks, beyond }]
  })
}

/** By the path in the container: whether that is the machine's own name for a node check-nodes.ts asks. */
const nodesOf = (edits: readonly ContainerEdits[]): ReadonlySet<string> =>
  new Set(edits.flatMap(({ deviceNodes }) => deviceNodes.map(({ path }) => path)))

/** By itself; whether it may be opened then check-mounts.ts asks. Of links to nodes also the directory: they need no right of their own. */
const isMounted = (path: string, edits: readonly ContainerEdits[]): boolean =>
  edits.some(({ mounts }) =>
    mounts.some(({ containerPath }) => {
      const place = cleanPath(containerPath)
      return path === place || (place === "/dev/dri/by-path" && path.startsWith(`${place}/`))
    }),
  )

const hasDrm = ({ deviceNodes }: ContainerEdits): boolean =>
  deviceNodes.some(({ path }) => path.startsWith("/dev/dri/"))

/**
 * Reads what lies behind the nodes of edits, whatever they are called in the container: kind and numbers, each with its path on the machine. Where
 * nothing can be read it is the path itself. Each path is looked at once.
 */
function createNodeReader(
  host: HostFiles,
): (edits: readonly ContainerEdits[]) => ReadonlyMap<string, string> {
  const known = new Map<string, string>()
  const look = (path: string): string => {
    const stat = host.lstat(hostPath(path))
    return stat.ok ? `${stat.value.kind} ${stat.value.major}:${stat.value.minor}` : path
  }
  const identify = (path: string): string => {
    const node = known.get(path) ?? look(path)
    known.set(path, node)
    return node
  }
  return (edits) => {
    const paths = edits.flatMap(({ deviceNodes }) => deviceNodes.map(hostPathOf))
    return new Map(paths.map((path) => [identify(path), path]))
  }
}

/** One finding for all devices with the same nodes: most are one device under several names. */
function tellTogether(
  judged: readonly JudgedDevice[],
  nodes: "lacks" | "beyond",
  tell: (first: JudgedDevice, devices: readonly string[]) => Finding,
): readonly Finding[] {
  const wrong = judged.filter((one) => one[nodes].length > 0)
  return [...Map.groupBy(wrong, (one) => one[nodes].join("\n")).values()].map((ones) =>
    tell(
      ones[0] as JudgedDevice,
      ones.map(({ name }) => name),
    ),
  )
}

/** Without these NVIDIA's programs run that show nothing, and tools are blind; without any other there is no GPU. */
const isVital = (kind: string, path: string): boolean =>
  !/^\/dev\/(?:dri\/by-path\/|dri\/card|nvidia-modeset$|nvidia-uvm-tools$)/.test(path) &&
  (!path.startsWith("/dev/dri/") || !/\bnvidia\.com\//.test(kind)) &&
  // Who manages GPUs goes on without rights that came later.
  (!path.startsWith("/dev/nvidia-caps") || !kind.startsWith("management."))
