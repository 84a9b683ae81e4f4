/**
 * What devices of specifications give beside what their machine would give under the same names: nodes that are lacking, nodes of others, files
 * of the driver that nothing mounts. A file that was cut off, or made while the driver came up, passes every check of what it names, since what
 * it lacks it does not name.
 */

import { shapeOfName } from "../cdi/rules/name-shape.ts"
import { type CdiSpec, type ContainerEdits, hostPathOf } from "../cdi/spec.ts"
import { stemOf } from "../driver/library-name.ts"
import type { CdiPlace } from "../fault/cdi-place.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { isKindOfNvidia } from "../generate/generated-spec.ts"
import type { HostFiles } from "../host/host.ts"
import { hostPath } from "../text/brand.ts"
import { cleanPath } from "../text/path.ts"
import { deviceShapes } from "../vendor/device-shapes.ts"
import { vendorOfKind } from "../vendor/vendor-names.ts"
import { type CdiSubject, found, type Winner, winners } from "./cdi-subject.ts"
import { type SpecTwin, twinOf } from "./spec-twin.ts"

/** `told`: qualified names of devices that are another one, or none: what they lack says nothing more. Order: files as read; of each nodes, then files. */
export function checkContent(subject: CdiSubject, told: ReadonlySet<string>): readonly Finding[] {
  // The lists of a Tegra's platform, and WSL's driver store, are read when containers start.
  if (subject.snapshot.inventory.platform !== "native") return []
  return winners(subject.registry).flatMap(({ source, devices }): readonly Finding[] => {
    const twin = twinOf(subject, source.spec)
    if (twin === undefined) return []
    const winner = { source, devices: devices.filter(({ device }) => !told.has(device.name)) }
    const isOfGpus = isKindOfNvidia(source.spec.kind) && source.spec.kind.endsWith("/gpu")
    // What names of NVIDIA's GPUs say check-gpus.ts knows better.
    return [
      ...(isOfGpus ? [] : checkDeviceNames(winner, twin.made)),
      ...checkGiven(subject.host, winner, twin),
      ...checkLibrariesGiven(winner, twin.made),
    ]
  })
}

/** By the path in the container: whether that is the machine's own name for it check-nodes.ts asks. */
type Nodes = ReadonlySet<string>

const nodesOf = (...edits: readonly ContainerEdits[]): Nodes =>
  new Set(edits.flatMap(({ deviceNodes }) => deviceNodes.map(({ path }) => path)))

/** By itself; whether it may be opened then check-mounts.ts asks. Of links to nodes also the directory: they need no right of their own. */
const isMounted = (path: string, ...edits: readonly ContainerEdits[]): boolean =>
  edits.some(({ mounts }) =>
    mounts.some(({ containerPath }) => {
      const place = cleanPath(containerPath)
      return path === place || (place === "/dev/dri/by-path" && path.startsWith(`${place}/`))
    }),
  )

/** A GPU that is kept for a virtual machine: no container computes on it, and generators of GPUs leave it out. */
const isForVirtualMachine = ({ deviceNodes }: ContainerEdits): boolean =>
  deviceNodes.length > 0 && deviceNodes.every(({ path }) => path.startsWith("/dev/vfio/"))

function checkDeviceNames({ source, devices }: Winner, made: CdiSpec): readonly Finding[] {
  const known = new Set(made.devices.map(({ name }) => name))
  // A machine whose GPUs are whole has no name of a part, by which it could be known that a part is gone.
  const vendor = vendorOfKind(made.kind)
  const shapes = new Set([
    ...[...known].map(shapeOfName),
    ...(vendor === undefined ? [] : deviceShapes[vendor]),
  ])
  const gone = devices.flatMap(({ device: { device, name }, index }): readonly Finding[] =>
    known.has(device.name) ||
    !shapes.has(shapeOfName(device.name)) ||
    isForVirtualMachine(device.containerEdits)
      ? []
      : [
          found(
            "error",
            fault("CdiDeviceGone", {
              place: source.locate(["devices", index, "name"]),
              device: name,
              means: `${made.kind} of that name`,
            }),
          ),
        ],
  )
  const names = new Set(source.spec.devices.map(({ name }) => name))
  const used = new Set([...names].map(shapeOfName))
  const missed = [...known].filter((name) => !names.has(name) && used.has(shapeOfName(name)))
  return missed.length === 0
    ? gone
    : [
        ...gone,
        found(
          "warning",
          fault("CdiDevicesUnlisted", { devices: missed.map((name) => `${made.kind}=${name}`) }),
        ),
      ]
}

/** Without these NVIDIA's programs run that show nothing, and tools are blind; without any other there is no GPU. */
const isVital = (kind: string, path: string): boolean =>
  !/^\/dev\/(?:dri\/by-path\/|dri\/card|nvidia-modeset$|nvidia-uvm-tools$)/.test(path) &&
  (!path.startsWith("/dev/dri/") || !/\bnvidia\.com\//.test(kind)) &&
  // Who manages GPUs goes on without rights that came later.
  (!path.startsWith("/dev/nvidia-caps") || !kind.startsWith("management."))

/** What lies behind paths, whatever they are called in the container: of edits the machine's names of nodes, by their numbers. */
function nodeReader(host: HostFiles): (...edits: readonly ContainerEdits[]) => ReadonlyMap<string, string> {
  const known = new Map<string, string>()
  const numbersOf = (path: string): string => {
    const stat = host.lstat(hostPath(path))
    return stat.ok ? `${stat.value.kind} ${stat.value.major}:${stat.value.minor}` : path
  }
  const identify = (path: string): string => {
    const numbers = known.get(path) ?? numbersOf(path)
    known.set(path, numbers)
    return numbers
  }
  return (...edits) => {
    const paths = edits.flatMap(({ deviceNodes }) => deviceNodes.map(hostPathOf))
    return new Map(paths.map((path) => [identify(path), path]))
  }
}

interface JudgedDevice {
  readonly name: string
  readonly place: CdiPlace
  /** Nodes that its twin has, by path in the container. */
  readonly lacks: readonly string[]
  /** Nodes that are other devices', by path on the machine. */
  readonly beyond: readonly string[]
}

function checkGiven(host: HostFiles, winner: Winner, twin: SpecTwin): readonly Finding[] {
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

function judgeDevices(
  host: HostFiles,
  { source, devices }: Winner,
  { made, whole, drawing }: SpecTwin,
): readonly JudgedDevice[] {
  const { containerEdits: common } = source.spec
  const hostNodesOf = nodeReader(host)
  const everyone = hostNodesOf(whole.containerEdits, ...whole.devices.map((one) => one.containerEdits))
  const twins = new Map(made.devices.map(({ name, containerEdits }) => [name, containerEdits]))
  const drawsAny = hasDrm(source.spec)
  return devices.flatMap(({ device: { device, name }, index }): readonly JudgedDevice[] => {
    const twin = twins.get(device.name)
    if (twin === undefined) return []
    const given = nodesOf(common, device.containerEdits)
    const wanted = nodesOf(made.containerEdits, twin)
    const own = hostNodesOf(made.containerEdits, twin)
    const ownDrawing = new Set([...wanted].flatMap((path) => drawing.get(path) ?? []))
    return [
      {
        name,
        place: source.locate(["devices", index, "name"]),
        lacks: [...wanted].filter(
          (path) =>
            !given.has(path) &&
            !isMounted(path, common, device.containerEdits) &&
            (drawsAny || !path.startsWith("/dev/dri/")),
        ),
        beyond: [...hostNodesOf(common, device.containerEdits)].flatMap(([node, path]) =>
          everyone.has(node) && !own.has(node) && !ownDrawing.has(path) ? [path] : [],
        ),
      },
    ]
  })
}

/** One finding for all devices with the same nodes: most are one device under several names. */
function tellTogether(
  judged: readonly JudgedDevice[],
  nodes: "lacks" | "beyond",
  make: (first: JudgedDevice, devices: readonly string[]) => Finding,
): readonly Finding[] {
  const wrong = judged.filter((one) => one[nodes].length > 0)
  return [...Map.groupBy(wrong, (one) => one[nodes].join("\n")).values()].map((ones) =>
    make(
      ones[0] as JudgedDevice,
      ones.map(({ name }) => name),
    ),
  )
}

const hasDrm = ({ containerEdits, devices }: CdiSpec): boolean =>
  [...nodesOf(containerEdits, ...devices.map((one) => one.containerEdits))].some((path) =>
    path.startsWith("/dev/dri/"),
  )

/** What CUDA and NVML programs open by name, and CUDA when it compiles: of the rest a library's own needs tell (check-libraries.ts). */
const openedByName = [
  "libcuda",
  "libnvidia-ml",
  "libnvidia-ptxjitcompiler",
  "libnvidia-nvvm",
  "libnvidia-gpucomp",
]

/** Whatever version they are of: that is told once for all files. */
const namesOf = (...edits: readonly ContainerEdits[]): readonly string[] =>
  edits.flatMap(({ mounts }) => mounts.map(({ containerPath }) => stemOf(containerPath)))

function checkLibrariesGiven({ source, devices }: Winner, made: CdiSpec): readonly Finding[] {
  const edits = [source.spec.containerEdits, ...devices.map(({ device }) => device.device.containerEdits)]
  const given = new Set(namesOf(...edits))
  // What gives no GPU, a claim of one channel, is asked for beside what does.
  if (given.size === 0 && ![...nodesOf(...edits)].some((path) => /^\/dev\/nvidia\d+$/.test(path))) return []
  const wanted = new Set(namesOf(made.containerEdits))
  const libraries = openedByName.filter((name) => wanted.has(name) && !given.has(name))
  return libraries.length === 0
    ? []
    : [
        found(
          "warning",
          fault("CdiLibrariesLacking", { place: source.locate(["containerEdits"]), libraries }),
        ),
      ]
}
