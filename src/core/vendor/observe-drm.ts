/**
 * The DRM nodes of one device, as the kernel names them in sysfs, held against what lies in /dev: whoever asks for one GPU must not be
 * given the node of another. Source: the kernel's list of devices (226 is DRM's major), its documentation of DRM (the number in a
 * node's name is its minor).
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { HostFiles } from "../host/host.ts"
import type { DrmNode } from "../inventory/inventory.ts"
import { byNumber, namesIn } from "../inventory/names-in.ts"
import { observeNode } from "../inventory/observe-node.ts"
import { hostPath } from "../text/brand.ts"
import { baseName } from "../text/path.ts"
import type { DrmDevice } from "./vendor-gpu.ts"

const drmMajor = 226
/** The kernel has twenty bits for a minor. */
const minorLimit = 2 ** 20
/** A device has one of each kind; a tree that claims more is not walked to its end. */
const nodeLimit = 16

export interface DrmContext {
  readonly host: HostFiles
  readonly findings: Finding[]
  /** Names of nodes that more than one device claims: nobody knows whose they are. */
  readonly contested: ReadonlySet<string>
  /** Names of a device's nodes, by its directory: read once. */
  readonly names: ReadonlyMap<string, readonly string[]>
}

/** Of all devices whose nodes may be given away. `directories`: theirs in sysfs. */
export function drmContext(host: HostFiles, directories: readonly string[], findings: Finding[]): DrmContext {
  const names = new Map(directories.map((directory) => [directory, nodeNames(host, directory)]))
  const claims = new Map<string, readonly string[]>()
  for (const [directory, own] of names)
    for (const name of own) claims.set(name, [...(claims.get(name) ?? []), directory])
  const contested = [...claims].filter(([, sharing]) => sharing.length > 1)
  for (const [name, sharing] of contested)
    findings.push({
      severity: "error",
      fault: fault("DrmNodeContested", {
        path: hostPath(`/dev/dri/${name}`),
        directories: sharing.map(hostPath),
      }),
      evidence: sharing.map((directory) => `${directory}/drm/${name}: there`),
    })
  return { host, findings, contested: new Set(contested.map(([name]) => name)), names }
}

/** Order: by number, cards first where they are the same. */
const nodeNames = (host: HostFiles, directory: string): readonly string[] =>
  namesIn(host, `${directory}/drm`)
    .filter((name) => minorOf(name) !== undefined)
    .sort(byNumber)
    .slice(0, nodeLimit)

/** What the kernel names the render node, whether it is there or not. */
export function renderMinorOf({ names }: DrmContext, directory: string): number | undefined {
  const name = names.get(directory)?.find((one) => one.startsWith("renderD"))
  return name === undefined ? undefined : minorOf(name)
}

/** `directory`: the device's in sysfs. `pciAddress`: of the GPU that it is, or is a part of. */
export function observeDrm(context: DrmContext, directory: string, pciAddress: string): DrmDevice {
  // Source: udev's path_id.
  const name = baseName(directory)
  const udevName = name === pciAddress ? `pci-${name}` : `platform-${name}`
  const names = (context.names.get(directory) ?? []).filter((one) => !context.contested.has(one))
  return {
    renderMinor: renderMinorOf(context, directory),
    nodes: names.flatMap((one) => observeOne(context, `${directory}/drm/${one}`, { pciAddress, udevName })),
  }
}

/** undefined: no name of a DRM node. */
function minorOf(name: string): number | undefined {
  const digits = /^(?:card|renderD)(\d{1,7})$/.exec(name)?.[1]
  const minor = Number(digits)
  return digits !== undefined && minor < minorLimit && String(minor) === digits ? minor : undefined
}

/** Whether its render node is there, without which nothing can be computed. */
export const hasRenderNode = ({ renderMinor, nodes }: DrmDevice): boolean =>
  renderMinor !== undefined && nodes.some(({ node }) => node.path === `/dev/dri/renderD${renderMinor}`)

function observeOne(
  { host, findings }: DrmContext,
  place: string,
  { pciAddress, udevName }: { readonly pciAddress: string; readonly udevName: string },
): readonly DrmNode[] {
  const name = baseName(place)
  const path = hostPath(`/dev/dri/${name}`)
  const isRender = name.startsWith("renderD")
  const node = observeNode(host, path)
  if (node === undefined) {
    findings.push({
      severity: isRender ? "error" : "warning",
      fault: fault("DrmNodeMissing", { path, pciAddress }),
      evidence: [`${place}: there`, `${path}: no device node`],
    })
    return []
  }
  const minor = minorOf(name)
  if (node.major !== drmMajor || node.minor !== minor) {
    const has = `${node.major}:${node.minor}`
    findings.push({
      severity: "error",
      fault: fault("DrmNodeWrong", { path, has, expected: `${drmMajor}:${minor}`, pciAddress }),
      evidence: [`${path}: ${has}`],
    })
    return []
  }
  const link = hostPath(`/dev/dri/by-path/${udevName}-${isRender ? "render" : "card"}`)
  const target = host.readLink(link)
  return [{ node, byPath: target.ok ? { path: link, target: target.value } : undefined }]
}
