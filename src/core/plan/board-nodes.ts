/**
 * The nodes that devices of a Tegra board bring: those of its lists for the board's own GPU; where a discrete GPU is beside it, each gets
 * its own GPU node, the discrete one the driver's control nodes too. Source: facts, toolkit §5.7.
 */

import type { PlatformContents, PlatformItem } from "../driver/platform-contents.ts"
import type { NodeFact } from "../inventory/inventory.ts"
import type { Evidence } from "../request/reason.ts"
import type { HostPath } from "../text/brand.ts"
import type { Omission } from "./plan.ts"
import { type GivenNode, gpuNodes, type NodesToComplete } from "./plan-nodes.ts"
import type { DriverlessContext } from "./plan-part.ts"
import type { BoardDevices } from "./select-board.ts"

export interface BoardContents {
  readonly board: BoardDevices
  readonly platform: PlatformContents
  /** Of the lists that count. */
  readonly items: readonly PlatformItem[]
}

/** Before anything is asked for beside devices. */
export function boardNodes(
  context: DriverlessContext,
  { board, platform, items }: BoardContents,
  omissions: Omission[],
): Pick<NodesToComplete, "given" | "links"> {
  const listed = items.flatMap(({ node }) => (node === undefined ? [] : [node]))
  const own = ownNodes(context, { board, platform, items, listed, omissions })
  if (board.discrete.length === 0) return { given: own, links: [] }
  const { given, links } = gpuNodes(context, omissions)
  // The board's GPU node is not theirs; what else the lists name serves every device of the board.
  const reasons = context.because.devices
  const shared = listed.filter(({ path }) => !isGpuNode(path)).map((node) => ({ node, reasons }))
  return { given: [...own, ...given, ...shared], links }
}

const isGpuNode = (path: string): boolean => /^\/dev\/nvidia\d+$/.test(path)

function ownNodes(
  { because, log }: DriverlessContext,
  {
    board,
    platform,
    items,
    listed,
    omissions,
  }: BoardContents & {
    readonly listed: readonly NodeFact[]
    readonly omissions: Omission[]
  },
): readonly GivenNode[] {
  if (board.own === undefined) {
    omissions.push({ what: "the board's own GPU", reasons: because.devices })
    return []
  }
  const others = new Set(board.beside.flatMap(({ node }) => (node === undefined ? [] : [node.path])))
  const nodes = board.beside.length === 0 ? listed : [...listed, ...platform.gpuNodes]
  const given = nodes.filter(({ path }) => !others.has(path))
  const chosen = log.add(
    "select.board",
    evidenceOf(items),
    `${board.own} selects the board's own GPU, which is served by the devices of the lists`,
  )
  return given.map((node) => ({ node, reasons: [...because.devices, chosen] }))
}

/** How many devices each list names that are there. */
function evidenceOf(items: readonly PlatformItem[]): readonly Evidence[] {
  const counts = new Map<HostPath, number>()
  for (const { list, node } of items) if (node !== undefined) counts.set(list, (counts.get(list) ?? 0) + 1)
  return [...counts].map(([path, count]) => ({
    from: "machine",
    path,
    value: `${count} ${count === 1 ? "device" : "devices"}`,
  }))
}
