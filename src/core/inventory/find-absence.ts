/**
 * What a driver has and a machine has not yet: modules that nobody has loaded, nodes that nobody has made, or that are of an earlier load.
 * A machine without display and without persistence daemon is like that after boot, until the driver's own tool is run once.
 * Source: facts, nvidia-container-cli §2.2.
 */

import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { parseCount } from "../text/count.ts"
import type { Inventory, NodeFact } from "./inventory.ts"
import { presentNodes } from "./present-nodes.ts"
import { readFields } from "./proc-text.ts"

export interface Absence {
  /** As modprobe takes them. Order: of loading. */
  readonly modules: readonly string[]
  /** As they must be. Order: control nodes, GPUs, MIG capabilities. */
  readonly nodes: readonly NodeFact[]
}

export interface AbsenceOptions {
  /** Somebody asks for what /dev/nvidia-modeset is for. */
  readonly setsModes: boolean
}

/** IMEX channels are not among it: an image's word makes no node. */
export function findAbsence(
  host: Pick<Host, "readFile">,
  inventory: Inventory,
  { setsModes }: AbsenceOptions,
): Absence {
  if (inventory.platform !== "native") return { modules: [], nodes: [] }
  const present = new Map(presentNodes(inventory).map((node) => [node.path, node]))
  // Another start made it in the middle of the look: it is in /dev, and the GPU was seen without.
  for (const { node, minor } of inventory.gpus)
    if (node === undefined && minor !== undefined) present.delete(hostPath(`/dev/nvidia${minor.value}`))
  const nodes = expectedNodes(host, inventory).filter(({ path, major, minor }) => {
    const node = present.get(path)
    return node?.major !== major || node.minor !== minor
  })
  return { modules: absentModules(inventory, setsModes), nodes }
}

/** Another module needs that of the GPUs, and cannot be told to be missing before. */
function absentModules(
  { kernelModuleVersion, gpus, modules }: Inventory,
  setsModes: boolean,
): readonly string[] {
  if (kernelModuleVersion === undefined)
    return gpus.some(({ state }) => state === "undriven") ? ["nvidia"] : []
  return [
    ...(modules.includes("nvidia_uvm") ? [] : ["nvidia-uvm"]),
    ...(setsModes && !modules.includes("nvidia_modeset") ? ["nvidia-modeset"] : []),
  ]
}

/** How the driver was told to have its nodes. undefined: it was told to make none. */
function readFileRights(host: Pick<Host, "readFile">): Pick<NodeFact, "mode" | "uid" | "gid"> | undefined {
  const params = readFields(host, "/proc/driver/nvidia/params")
  const number = (key: string): number | undefined => parseCount(params.get(key) ?? "")
  const [mode, uid, gid] = [number("DeviceFileMode"), number("DeviceFileUID"), number("DeviceFileGID")]
  if (params.get("ModifyDeviceFiles") !== "1" || mode === undefined || mode > 0o777) return undefined
  return { mode, uid: uid ?? 0, gid: gid ?? 0 }
}

function expectedNodes(host: Pick<Host, "readFile">, inventory: Inventory): readonly NodeFact[] {
  const { majors, modules, gpus, kernelModuleVersion } = inventory
  const rights = readFileRights(host)
  if (kernelModuleVersion === undefined || rights === undefined) return []
  const node = (name: string, major: number | undefined, minor: number): readonly NodeFact[] =>
    major === undefined ? [] : [{ path: hostPath(`/dev/${name}`), major, minor, ...rights }]
  const main = majors["nvidia"] ?? majors["nvidia-frontend"] ?? majors["nvidiactl"]
  return [
    ...node("nvidiactl", main, 255),
    ...(modules.includes("nvidia_modeset") ? node("nvidia-modeset", main, 254) : []),
    ...node("nvidia-uvm", majors["nvidia-uvm"], 0),
    ...node("nvidia-uvm-tools", majors["nvidia-uvm"], 1),
    ...gpus.flatMap(({ minor }) =>
      minor === undefined ? [] : node(`nvidia${minor.value}`, main, minor.value),
    ),
    ...capabilityNodes(host, inventory),
  ]
}

/** Each says itself what it is to be. */
function capabilityNodes(
  host: Pick<Host, "readFile">,
  { migDevices, majors }: Inventory,
): readonly NodeFact[] {
  const major = majors["nvidia-caps"]
  if (major === undefined) return []
  const files = new Set<HostPath>(migDevices.flatMap(({ accessFiles }) => accessFiles))
  return [...files].flatMap((file): readonly NodeFact[] => {
    const fields = readFields(host, file)
    const minor = parseCount(fields.get("DeviceFileMinor") ?? "")
    const mode = parseCount(fields.get("DeviceFileMode") ?? "")
    const isOurs = fields.get("DeviceFileModify") === "1"
    if (!isOurs || minor === undefined || mode === undefined || mode > 0o777) return []
    return [{ path: hostPath(`/dev/nvidia-caps/nvidia-cap${minor}`), major, minor, mode, uid: 0, gid: 0 }]
  })
}
