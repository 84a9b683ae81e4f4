/**
 * Devices of NVIDIA's by names that are no GPU's of a machine, as Kubernetes' resource driver gives each claim one of its own: with the driver's
 * libraries, and without the nodes that these open. So is one that was written before anybody had made the nodes after boot; its containers
 * start, and find no GPU. What devices by a GPU's name lack check-given-nodes.ts tells.
 */

import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { isKindOfNvidia } from "../../generate/generated-spec.ts"
import { isMachineName } from "../../generate/machine-names.ts"
import { baseName, cleanPath } from "../../text/path.ts"
import { type CdiSubject, found, winners } from "../cdi-subject.ts"

/** Every program of CUDA's opens both. */
const vitalNodes = ["/dev/nvidiactl", "/dev/nvidia-uvm"]

/** Kinds whose devices are GPUs; of others a device may be the libraries alone, to be asked for beside one. */
const isOfGpus = (kind: string): boolean => /\bnvidia\.com\/gpu$|\bgpu\.nvidia\.com\//.test(kind)

/** Of one file one finding for all devices that lack the same. Order: files as read. */
export function checkDriverNodes({ registry, snapshot }: CdiSubject): readonly Finding[] {
  const { platform, kernelModuleVersion } = snapshot.inventory
  if (platform !== "native" || kernelModuleVersion === undefined) return []
  return winners(registry).flatMap(({ source, devices }): readonly Finding[] => {
    const { kind, containerEdits } = source.spec
    if (!isKindOfNvidia(kind) || !isOfGpus(kind)) return []
    const blind = devices.flatMap(({ device: { device, name }, index }) => {
      if (isMachineName(device.name) || device.name === "none") return []
      const mounts = [...containerEdits.mounts, ...device.containerEdits.mounts]
      if (!mounts.some(({ containerPath }) => baseName(containerPath).startsWith("libcuda.so"))) return []
      const given = new Set([
        ...[...containerEdits.deviceNodes, ...device.containerEdits.deviceNodes].map(({ path }) => path),
        ...mounts.map(({ containerPath }) => cleanPath(containerPath)),
      ])
      const lacks = vitalNodes.filter((path) => !given.has(path))
      return lacks.length === 0 ? [] : [{ name, index, lacks }]
    })
    return [...Map.groupBy(blind, ({ lacks }) => lacks.join(" ")).values()].map((all) => {
      const [{ index, lacks }] = all as [(typeof all)[number]]
      const place = source.locate(["devices", index, "name"])
      const names = all.map(({ name }) => name)
      return found("error", fault("CdiNodesLacking", { place, devices: names, nodes: lacks }), ...lacks)
    })
  })
}
