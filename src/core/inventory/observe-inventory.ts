/**
 * Reads the inventory from /proc/driver/nvidia, /proc/devices and the nodes. No node is opened, no vendor library loaded.
 * Source: what the driver's kernel module writes (facts, nvidia-container-cli §5).
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { decodeUtf8 } from "../text/utf8.ts"
import type { Gpu, Inventory, NodeFact, Sourced } from "./inventory.ts"

const driverDirectory = "/proc/driver/nvidia"
const controlNames = ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"]

export function observeInventory(host: Host): Inventory {
  const findings: Finding[] = []
  const kernelModuleVersion = observeVersion(host)
  const listed = host.readDir(hostPath(`${driverDirectory}/gpus`))
  const addresses = listed.ok ? [...listed.value].sort() : []
  const gpus: Gpu[] = []
  let index = 0
  for (const pciAddress of addresses) {
    const path = hostPath(`${driverDirectory}/gpus/${pciAddress}/information`)
    const facts = readInformation(host, path)
    const isExcluded = facts.get("GPU Excluded") === "Yes"
    const minor = facts.get("Device Minor")
    const uuid = facts.get("GPU UUID")
    const model = facts.get("Model")
    const node = minor === undefined ? undefined : observeNode(host, hostPath(`/dev/nvidia${minor}`))
    const sourced = <T>(value: T): Sourced<T> => ({ value, source: path })
    gpus.push({
      index: isExcluded ? undefined : index++,
      pciAddress: pciAddress.toLowerCase(),
      minor: minor !== undefined && /^\d+$/.test(minor) ? sourced(Number(minor)) : undefined,
      uuid: uuid !== undefined && !uuid.includes("?") ? sourced(uuid) : undefined,
      model: model === undefined ? undefined : sourced(model),
      node,
    })
    if (minor === undefined)
      findings.push(finding("GpuUnreadable", { pciAddress, path }, "error", `${path}: no Device Minor`))
    else if (node === undefined && !isExcluded)
      findings.push(
        finding(
          "DeviceNodeMissing",
          { path: hostPath(`/dev/nvidia${minor}`), neededBy: `GPU ${pciAddress}` },
          "error",
          `${path}: Device Minor ${minor}`,
        ),
      )
  }
  const controlNodes: NodeFact[] = []
  for (const name of controlNames) {
    const path = hostPath(`/dev/${name}`)
    const node = observeNode(host, path)
    if (node !== undefined) controlNodes.push(node)
    else if (name === "nvidiactl" && kernelModuleVersion !== undefined)
      findings.push(
        finding("DeviceNodeMissing", { path, neededBy: "every GPU container" }, "error", `${path}: absent`),
      )
  }
  return { kernelModuleVersion, gpus, controlNodes, findings }
}

function finding<T extends "GpuUnreadable" | "DeviceNodeMissing">(
  tag: T,
  data: Parameters<typeof fault<T>>[1],
  severity: Finding["severity"],
  evidence: string,
): Finding {
  return { severity, fault: fault(tag, data) as Finding["fault"], evidence: [evidence] }
}

function observeVersion(host: Host): Sourced<string> | undefined {
  const version = readLine(host, hostPath("/sys/module/nvidia/version"), /^\s*([0-9]+(?:\.[0-9]+)+)\s*$/)
  return (
    version ??
    readLine(
      host,
      hostPath(`${driverDirectory}/version`),
      /Kernel Module(?: for \S+)?\s+([0-9]+(?:\.[0-9]+)+)/,
    )
  )
}

function readLine(host: Host, path: HostPath, pattern: RegExp): Sourced<string> | undefined {
  const content = host.readFile(path)
  const value = content.ok ? pattern.exec(decodeUtf8(content.value))?.[1] : undefined
  return value === undefined ? undefined : { value, source: path }
}

/** `Key:  value` lines. */
function readInformation(host: Host, path: HostPath): ReadonlyMap<string, string> {
  const content = host.readFile(path)
  const facts = new Map<string, string>()
  if (!content.ok) return facts
  for (const line of decodeUtf8(content.value).split("\n")) {
    const colon = line.indexOf(":")
    if (colon > 0) facts.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim())
  }
  return facts
}

function observeNode(host: Host, path: HostPath): NodeFact | undefined {
  const stat = host.lstat(path)
  if (!stat.ok || stat.value.kind !== "character") return undefined
  const { major, minor, mode, uid, gid } = stat.value
  return { path, major, minor, mode, uid, gid }
}
