/**
 * The compute driver's own list of devices: which render node is a device, of which GPU, under which unique id. Source: what amdkfd
 * writes below /sys/class/kfd/kfd/topology (kfd_topology.c): `name value` lines, a processor has no render minor, and location_id is
 * bus, device and function as PCI packs them, with the number of a partition in its lowest or highest bits.
 */

import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { HostFiles } from "../../host/host.ts"
import type { Sourced } from "../../inventory/inventory.ts"
import { byNumber, namesIn } from "../../inventory/names-in.ts"
import { readText } from "../../inventory/proc-text.ts"
import { type HostPath, hostPath } from "../../text/brand.ts"

export interface TopologyNode {
  readonly number: number
  readonly renderMinor: number
  /** PCI domain, bus and device, without the function: `0000:05:00`. */
  readonly pciDevice: string
  readonly uniqueId: Sourced<string> | undefined
  readonly architecture: Sourced<string> | undefined
  readonly source: HostPath
}

const topologyDirectory = "/sys/class/kfd/kfd/topology/nodes"
/** More devices than the driver has numbers for. */
const nodeLimit = 1024
const minorLimit = 2 ** 20

/** By render minor. What is listed and cannot be a device is told of. */
export function observeTopology(host: HostFiles, findings: Finding[]): ReadonlyMap<number, TopologyNode> {
  const nodes = new Map<number, TopologyNode>()
  const names = namesIn(host, topologyDirectory)
    .filter((name) => /^\d{1,6}$/.test(name))
    .sort(byNumber)
    .slice(0, nodeLimit)
  for (const name of names) {
    const source = hostPath(`${topologyDirectory}/${name}/properties`)
    const text = readText(host, source)
    if (text === undefined) continue
    const node = describeNode(Number(name), source, parseProperties(text))
    if (node === undefined) continue
    const earlier = typeof node === "string" ? undefined : nodes.get(node.renderMinor)
    const problem =
      typeof node === "string" ? node : earlier && `its render minor is node ${earlier.number}'s too`
    if (problem !== undefined)
      findings.push({
        severity: "warning",
        fault: fault("KfdNodeInvalid", { path: source, problem }),
        evidence: [`${source}: ${problem}`],
      })
    else if (typeof node !== "string") nodes.set(node.renderMinor, node)
  }
  return nodes
}

/** The first of a repeated name counts. */
function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  for (const [, name = "", value = ""] of text.matchAll(/^([a-z]\w{0,63})[ \t]+(\S{1,64})[ \t]*$/gm))
    if (!properties.has(name)) properties.set(name, value)
  return properties
}

/** undefined: a processor. A text: what is wrong with it. */
function describeNode(
  number: number,
  source: HostPath,
  properties: ReadonlyMap<string, string>,
): TopologyNode | string | undefined {
  const read = (name: string, limit: number): number | undefined => {
    const text = properties.get(name)
    return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < limit ? Number(text) : undefined
  }
  const isDevice = (properties.get("simd_count") ?? "0") !== "0"
  const renderMinor = read("drm_render_minor", minorLimit)
  if (renderMinor === undefined || renderMinor === 0) return isDevice ? "no drm_render_minor" : undefined
  const location = read("location_id", 2 ** 32)
  const domain = read("domain", 2 ** 32)
  if (location === undefined || domain === undefined) return "no location_id and domain"
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")
  const uniqueId = formatUniqueId(properties.get("unique_id") ?? "")
  const version = read("gfx_target_version", 10 ** 8)
  return {
    number,
    renderMinor,
    pciDevice: `${hex(domain, 4)}:${hex((location >> 8) & 0xff, 2)}:${hex((location >> 3) & 0x1f, 2)}`,
    uniqueId: uniqueId === undefined ? undefined : { value: uniqueId, source },
    architecture:
      version === undefined || version === 0
        ? undefined
        : {
            value: [version / 10_000, (version / 100) % 100, version % 100].map(Math.floor).join("."),
            source,
          },
    source,
  }
}

const bits64 = 2n ** 64n

/** Kernels write it in decimal, some with `0x` in hexadecimal. undefined: it is none; 0 stands for none too. */
export function formatUniqueId(text: string): string | undefined {
  if (!/^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(text)) return undefined
  const id = BigInt(text)
  return id > 0n && id < bits64 ? `0x${id.toString(16)}` : undefined
}
