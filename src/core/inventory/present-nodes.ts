/** All nodes of a machine that a plan can give. */

import type { Inventory, NodeFact } from "./inventory.ts"

/** Every node that is there. */
export const presentNodes = ({ nodes, gpus }: Pick<Inventory, "nodes" | "gpus">): readonly NodeFact[] => [
  ...gpus.flatMap(({ node, drm }) => [...(node === undefined ? [] : [node]), ...drm.map((one) => one.node)]),
  ...nodes.control,
  ...nodes.capabilities,
  ...nodes.imexChannels.map(({ node }) => node),
  ...nodes.nvswitch,
  ...nodes.nvlink,
  ...nodes.gds,
  ...nodes.gdrcopy,
  ...nodes.mofed,
  ...nodes.other,
]
