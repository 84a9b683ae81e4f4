/**
 * What specifications hold beside what the machine would have in their place: names, nodes and libraries. A file that was cut off, or made while
 * the driver came up, passes every check of what it names, since what it lacks it does not name.
 */

import type { CdiSpec, ContainerEdits } from "../../cdi/spec.ts"
import { stemOf } from "../../driver/library-name.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { isKindOfNvidia } from "../../generate/generated-spec.ts"
import { type CdiSubject, found, type Winner, winners } from "../cdi-subject.ts"
import { checkDeviceNames } from "./check-device-names.ts"
import { checkGivenNodes } from "./check-given-nodes.ts"
import { twinOf } from "./spec-twin.ts"

/**
 * `told`: qualified names of devices that are another one, or none: what they lack says nothing more. Order: files as read; of each names, nodes,
 * libraries.
 */
export function checkContent(subject: CdiSubject, told: ReadonlySet<string>): readonly Finding[] {
  // The lists of a Tegra's platform, and WSL's driver store, are read when containers start.
  if (subject.snapshot.inventory.platform !== "native") return []
  return winners(subject.registry).flatMap(({ source, devices }): readonly Finding[] => {
    const twin = twinOf(subject, source.spec)
    if (twin === undefined) return []
    const winner = { source, devices: devices.filter(({ device }) => !told.has(device.name)) }
    // What names of NVIDIA's GPUs say check-gpus.ts knows better.
    const isOfGpus = isKindOfNvidia(source.spec.kind) && source.spec.kind.endsWith("/gpu")
    return [
      ...(isOfGpus ? [] : checkDeviceNames(winner, twin.made)),
      ...checkGivenNodes(subject.host, winner, twin),
      ...checkLibrariesGiven(winner, twin.made),
    ]
  })
}

/** What CUDA and NVML programs open by name, and CUDA when it compiles: of the rest a library's own needs tell (check-libraries.ts). */
const openedByName = [
  "libcuda",
  "libnvidia-ml",
  "libnvidia-ptxjitcompiler",
  "libnvidia-nvvm",
  "libnvidia-gpucomp",
]

/** The libraries without which a GPU is of no use. */
function checkLibrariesGiven({ source, devices }: Winner, made: CdiSpec): readonly Finding[] {
  const edits = [source.spec.containerEdits, ...devices.map(({ device }) => device.device.containerEdits)]
  const given = new Set(stemsIn(edits))
  // What gives no GPU, a claim of one channel, is asked for beside what does.
  if (given.size === 0 && !edits.some(givesGpu)) return []
  const wanted = new Set(stemsIn([made.containerEdits]))
  const libraries = openedByName.filter((stem) => wanted.has(stem) && !given.has(stem))
  if (libraries.length === 0) return []
  const place = source.locate(["containerEdits"])
  return [found("warning", fault("CdiLibrariesLacking", { place, libraries }))]
}

/** Of all mounted files. Whatever version they are of: check-driver-versions.ts tells that once for all. */
const stemsIn = (edits: readonly ContainerEdits[]): readonly string[] =>
  edits.flatMap(({ mounts }) => mounts.map(({ containerPath }) => stemOf(containerPath)))

const givesGpu = ({ deviceNodes }: ContainerEdits): boolean =>
  deviceNodes.some(({ path }) => /^\/dev\/nvidia\d+$/.test(path))
