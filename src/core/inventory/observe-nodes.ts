/**
 * Nodes beside the GPUs' own, where they come and go, and which numbers the drivers have now. Whether they fit: check-machine-nodes.ts.
 * Source: facts, nvidia-container-cli §2.2, §2.4; toolkit §5.3, §5.7; proc(5) on /proc/devices.
 */

import type { Host } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import type { Gpu, ImexChannel, Inventory, NodeFact, SupportNodes } from "./inventory.ts"
import { byNumber, namesIn } from "./names-in.ts"
import { observeNode } from "./observe-node.ts"
import { observePlatformEntries } from "./platform-list.ts"
import { readText } from "./proc-text.ts"

const controlNames = ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"]

/** Nodes of services beside the driver, which are none of its own. */
const besideDriver = /^nvidia-(?:fs|nvswitch|nvlink)/

export function observeSupportNodes(host: Host, gpus: readonly Pick<Gpu, "node">[]): SupportNodes {
  const names = namesIn(host, "/dev")
  const nodes = (directory: string, candidates: readonly string[], pattern: RegExp): readonly NodeFact[] =>
    candidates
      .filter((name) => pattern.test(name))
      .sort(byNumber)
      .flatMap((name) => observeNode(host, `${directory}/${name}`) ?? [])
  const within = (directory: string, pattern: RegExp): readonly NodeFact[] =>
    nodes(directory, namesIn(host, directory), pattern)
  const known = new Set([
    ...controlNames.map((name) => `/dev/${name}`),
    ...gpus.map(({ node }) => node?.path ?? ""),
  ])
  const other = names.filter(
    (name) => name.startsWith("nvidia") && !besideDriver.test(name) && !known.has(`/dev/${name}`),
  )
  return {
    control: controlNames.flatMap((name) => observeNode(host, `/dev/${name}`) ?? []),
    capabilities: within("/dev/nvidia-caps", /^nvidia-cap\d{1,7}$/),
    imexChannels: within("/dev/nvidia-caps-imex-channels", /^channel\d{1,7}$/).map(
      (node): ImexChannel => ({ channel: Number(/(\d+)$/.exec(node.path)?.[1]), node }),
    ),
    nvswitch: nodes("/dev", names, /^nvidia-nvswitch(ctl|\d{1,7})$/),
    nvlink: nodes("/dev", names, /^nvidia-nvlink$/),
    gds: nodes("/dev", names, /^nvidia-fs\d{1,7}$/),
    gdrcopy: nodes("/dev", names, /^gdrdrv$/),
    mofed: within("/dev/infiniband", /^(uverbs\d{1,7}|rdma_cm)$/),
    other: nodes("/dev", other, /./),
    tegra: observePlatformEntries(host).nodes,
    dxg: observeNode(host, "/dev/dxg"),
  }
}

/** Directories in which nodes appear and go. `/dev` is none of them: every loop device of a machine comes and goes there. */
const nodeDirectories = [
  "/dev/dri",
  "/dev/dri/by-path",
  "/dev/nvidia-caps",
  "/dev/nvidia-caps-imex-channels",
  "/dev/infiniband",
]

/** Where the nodes of a machine are, would be, or would come to be. */
export function nodePlaces({ nodes, gpus }: Pick<Inventory, "nodes" | "gpus">): readonly HostPath[] {
  /** Those that are there, and the one that would be next. */
  const numbered = (stem: string, present: readonly NodeFact[]): readonly string[] =>
    Array.from({ length: present.length + 1 }, (_, number) => `/dev/${stem}${number}`)
  return [
    ...nodeDirectories,
    ...[...controlNames, "nvidia-nvswitchctl", "nvidia-nvlink", "gdrdrv", "dxg"].map(
      (name) => `/dev/${name}`,
    ),
    ...numbered("nvidia-nvswitch", nodes.nvswitch),
    ...numbered("nvidia-fs", nodes.gds),
    ...gpus.flatMap(({ minor, drm }) => [
      ...(minor === undefined ? [] : [`/dev/nvidia${minor.value}`]),
      ...drm.map(({ node }) => node.path),
    ]),
    ...[
      ...nodes.capabilities,
      ...nodes.imexChannels.map(({ node }) => node),
      ...nodes.nvswitch,
      ...nodes.gds,
      ...nodes.mofed,
      ...nodes.other,
      ...nodes.tegra,
    ].map(({ path }) => path),
  ].map(hostPath)
}

/** Names under which the driver and its companions register. */
const registeredNames = [
  "nvidia",
  "nvidia-frontend",
  "nvidiactl",
  "nvidia-uvm",
  "nvidia-modeset",
  "nvidia-caps",
  "nvidia-caps-imex-channels",
  "nvidia-nvswitch",
  "nvidia-nvlink",
  "nvidia-fs",
  "gdrdrv",
]

/** Majors of character devices by name. */
export function observeMajors(host: Host): Readonly<Record<string, number>> {
  const majors: Record<string, number> = {}
  for (const line of (readText(host, "/proc/devices") ?? "").split("\n")) {
    if (line.startsWith("Block devices")) break
    const [, number = "", name = ""] = /^\s*(\d{1,7}) (\S+)\s*$/.exec(line) ?? []
    if (registeredNames.includes(name)) majors[name] = Number(number)
  }
  return majors
}
