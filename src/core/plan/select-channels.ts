/** From what was asked for to the IMEX channels of this machine. Source: facts, nvidia-container-cli §2.5, toolkit §4.5. */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { channelPlaces, findUnread } from "../inventory/find-unread.ts"
import type { Inventory, NodeFact } from "../inventory/inventory.ts"

/** Order: as asked, each once. Faults: ImexChannelInvalid, ImexChannelMissing, HostReadFailed. */
export function selectChannels(asked: readonly string[], inventory: Inventory): Result<readonly NodeFact[]> {
  const { imexChannels } = inventory.nodes
  const nodes = new Set<NodeFact>()
  for (const item of asked) {
    if (item === "") continue
    const unread = findUnread(inventory, channelPlaces)
    if (unread !== undefined) return fail(unread)
    if (item === "all") {
      for (const { node } of imexChannels) nodes.add(node)
      continue
    }
    const number = /^(?:channel)?(\d{1,7})$/.exec(item)?.[1]
    if (number === undefined) return fail(fault("ImexChannelInvalid", { channel: item }))
    const found = imexChannels.find(({ channel }) => channel === Number(number))
    if (found === undefined)
      return fail(
        fault("ImexChannelMissing", {
          channel: Number(number),
          known: imexChannels.map(({ channel }) => channel),
        }),
      )
    nodes.add(found.node)
  }
  return ok([...nodes])
}
