/**
 * What is known of a machine, for people (a table) and for machines (JSON, documented in docs/info.md, versioned). Pure; the same
 * bytes every time.
 */

import type { Finding } from "../fault/finding.ts"
import { faultCode, faultSentence } from "../fault/render.ts"
import { findingJson } from "../fault/render-json.ts"
import type { Gpu, MigDevice, NodeFact, Sourced, SupportNodes } from "../inventory/inventory.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import { escapeControl } from "../text/escape.ts"
import { alignColumns } from "../text/table.ts"
import { type OtherGpus, otherFindings, otherGpusJson, otherGpusTable } from "./render-other-gpus.ts"

/** What is shown of a machine: all of it, or chosen devices. */
export interface InfoView {
  readonly snapshot: HostSnapshot
  readonly kind: string
  readonly gpus: readonly Gpu[]
  readonly migDevices: readonly MigDevice[]
  /** undefined: they are not asked for. */
  readonly others: OtherGpus | undefined
}

export function renderInfoJson({ snapshot, kind, gpus, migDevices, others }: InfoView): string {
  const { inventory, name } = snapshot
  return `${JSON.stringify(
    {
      version: 1,
      host: { kind, name },
      platform: inventory.platform,
      driver: describeDriver(snapshot),
      gpus: gpus.map(gpuJson),
      migDevices: migDevices.map(migJson),
      otherGpus: others === undefined ? [] : otherGpusJson(others),
      nodes: nodesJson(inventory.nodes),
      gdsFiles: inventory.gdsFiles,
      sockets: inventory.sockets,
      majors: inventory.majors,
      findings: findingsOf(snapshot, others).map(findingJson),
    },
    // What is not known is said to be not known.
    (_, value: unknown) => (value === undefined ? null : value),
    2,
  )}\n`
}

/** What two observers were refused alike is told once. */
const findingsOf = (
  { inventory, driver }: HostSnapshot,
  others: OtherGpus | undefined,
): readonly Finding[] => [
  ...new Map(
    [
      ...inventory.findings,
      ...(driver?.findings ?? []),
      ...(others === undefined ? [] : otherFindings(others)),
    ].map((one) => [JSON.stringify(one), one]),
  ).values(),
]

function describeDriver({ inventory, driver }: HostSnapshot): object | undefined {
  const { kernelModuleVersion, cudaVersion, modules } = inventory
  if (kernelModuleVersion === undefined && driver === undefined) return undefined
  return {
    version: kernelModuleVersion?.value ?? driver?.version,
    cudaVersion: cudaVersion?.value,
    root: driver?.driverRoot,
    devRoot: inventory.devRoot,
    modules,
    directories: driver?.directories,
    libraries: driver?.libraries.length,
    otherVersions: driver?.otherVersions,
    sources: sourcesOf({ version: kernelModuleVersion, cudaVersion }),
  }
}

/** Fact → who told it, for the facts that are known. */
function sourcesOf(facts: Readonly<Record<string, Sourced<unknown> | undefined>>): object {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, fact]) => (fact === undefined ? [] : [[name, fact.source]])),
  )
}

function gpuJson(gpu: Gpu): object {
  const { minor, uuid, model, architecture, computeCapability, brand, numaNode, isMigEnabled } = gpu
  const facts = { minor, uuid, model, architecture, computeCapability, brand, numaNode, isMigEnabled }
  const values = Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, fact?.value]))
  return {
    index: gpu.index,
    state: gpu.state,
    pciAddress: gpu.pciAddress,
    ...values,
    node: gpu.node,
    drm: gpu.drm,
    sources: sourcesOf(facts),
  }
}

const migJson = ({ uuid, profile, ...device }: MigDevice): object => ({
  ...device,
  uuid: uuid?.value,
  profile: profile?.value,
  sources: sourcesOf({ uuid, profile }),
})

const nodesJson = (nodes: SupportNodes): object => ({ ...nodes, dxg: nodes.dxg })

export function renderInfoTable({ snapshot, gpus, migDevices, others }: InfoView): string {
  const { inventory, driver, name } = snapshot
  const version = inventory.kernelModuleVersion?.value
  const otherLines = others === undefined ? [] : otherGpusTable(others)
  const lines = [
    `machine   ${name}${inventory.platform === "native" ? "" : ` (${inventory.platform})`}`,
    `driver    ${version ?? "no kernel module loaded"}${inventory.cudaVersion === undefined ? "" : `, CUDA ${inventory.cudaVersion.value}`}${
      driver === undefined ? "" : `, ${driver.libraries.length} libraries below ${driver.driverRoot}`
    }`,
    "",
    ...describeGpus(gpus, otherLines.length > 0),
    ...describeMigDevices(migDevices),
    ...otherLines,
    ...describeNodes(inventory.nodes),
    ...inventory.sockets.map(
      ({ name: service, path, isListening }) =>
        `socket    ${service} ${path}${isListening === false ? ", nobody listens" : isListening === true ? ", listening" : ""}`,
    ),
  ]
  const noticed = findingsOf(snapshot, others).map(
    ({ severity, fault }) => `${severity.padEnd(8)}${faultSentence(fault)} [${faultCode(fault)}]`,
  )
  return `${[...lines, ...(noticed.length === 0 ? [] : ["", ...noticed])].map(escapeControl).join("\n")}\n`
}

function describeGpus(gpus: readonly Gpu[], hasOthers: boolean): readonly string[] {
  if (gpus.length === 0) return [hasOthers ? "no GPU of NVIDIA" : "no GPU"]
  return alignColumns([
    ["GPU", "PCI ADDRESS", "NODE", "MODEL", "ARCH", "NUMA", "UUID"],
    ...gpus.map(
      ({ index, state, pciAddress, node, model, computeCapability, numaNode, uuid, isMigEnabled }) => [
        index === undefined ? "-" : String(index),
        pciAddress,
        state === "usable" ? (node?.path ?? "missing") : state,
        `${model?.value ?? "?"}${isMigEnabled?.value === true ? " (MIG)" : ""}`,
        computeCapability?.value ?? "?",
        numaNode === undefined ? "-" : String(numaNode.value),
        uuid?.value ?? "?",
      ],
    ),
  ])
}

function describeMigDevices(devices: readonly MigDevice[]): readonly string[] {
  if (devices.length === 0) return []
  return [
    "",
    ...alignColumns([
      ["MIG", "INSTANCES", "PROFILE", "NODES", "UUID"],
      ...devices.map((device) => [
        `${device.gpuIndex}:${device.index}`,
        `gi ${device.gpuInstance} ci ${device.computeInstance}`,
        device.profile?.value ?? "?",
        [device.gpuInstanceNode, device.computeInstanceNode]
          .map((node) => node?.path.replace("/dev/nvidia-caps/nvidia-", "") ?? "missing")
          .join(" "),
        device.uuid?.value ?? "?",
      ]),
    ]),
  ]
}

function describeNodes(nodes: SupportNodes): readonly string[] {
  const paths = (list: readonly NodeFact[]): string =>
    list.map(({ path }) => path.replace("/dev/", "")).join(" ")
  const rows: readonly (readonly [title: string, text: string])[] = [
    ["nodes", paths(nodes.control)],
    ["nvswitch", paths(nodes.nvswitch)],
    ["imex", nodes.imexChannels.map(({ channel }) => channel).join(" ")],
    ["storage", paths(nodes.gds)],
    ["gdrcopy", paths(nodes.gdrcopy)],
    ["verbs", paths(nodes.mofed)],
    ["tegra", paths(nodes.tegra)],
    ["wsl", nodes.dxg === undefined ? "" : "dxg"],
  ]
  const shown = rows.filter(([, text]) => text !== "").map(([title, text]) => `${title.padEnd(10)}${text}`)
  return shown.length === 0 ? [] : ["", ...shown]
}
