/** Device selectors, by machines that differ: one a line. */

import type { Inventory } from "../../src/core/inventory/inventory.ts"
import { observeInventory } from "../../src/core/inventory/observe-inventory.ts"
import { normalisePciAddress } from "../../src/core/inventory/pci-address.ts"
import { selectDevices } from "../../src/core/inventory/select-devices.ts"
import { createRecordingHost } from "../../src/host/recording.ts"
import { bytesOf, recordings } from "../corpus.ts"
import { checkResult } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

let machines: readonly Inventory[] | undefined
const inventories = (): readonly Inventory[] => {
  machines ??= recordings().map((recording) => observeInventory(createRecordingHost(recording, "x")))
  return machines
}

const names = ({ gpus, migDevices }: Inventory): readonly string[] => [
  ...gpus.flatMap(({ index, pciAddress, uuid, model }) => [
    String(index ?? "none"),
    pciAddress,
    uuid?.value ?? "GPU-0",
    model?.value ?? "T4",
  ]),
  ...migDevices.flatMap(({ gpuIndex, index, uuid }) => [`${gpuIndex}:${index}`, uuid?.value ?? "MIG-0"]),
]

function check(input: Uint8Array): string | undefined {
  const [first = 0, ...rest] = input
  const all = inventories()
  const inventory = all[first % all.length]
  if (inventory === undefined) return "there is no machine"
  const selectors = Buffer.from(rest).toString("utf8").split("\n")
  for (const selector of selectors) {
    const address = normalisePciAddress(selector)
    if (address !== undefined && normalisePciAddress(address) !== address) return `${selector}: no fixed form`
  }
  return checkResult(selectDevices(selectors, inventory), (chosen) => {
    const keys = chosen.map((one) =>
      one.kind === "gpu" ? one.gpu.pciAddress : `${one.gpu.index}:${one.device.index}`,
    )
    if (new Set(keys).size !== keys.length) return "a device twice"
    if (chosen.some(({ gpu }) => gpu.state !== "usable")) return "a GPU that cannot be used"
    const again = selectDevices([...keys].reverse(), inventory)
    if (!again.ok || again.value.length !== chosen.length) return "a device cannot be chosen by its own name"
    return undefined
  })
}

export const selectors: FuzzTarget = {
  name: "selectors",
  weight: 12,
  seeds: () =>
    inventories().flatMap((inventory, index) =>
      [names(inventory).slice(0, 12).join("\n"), "all", names(inventory).at(-1) ?? ""].map((text) =>
        Uint8Array.of(index, ...bytesOf(text)),
      ),
    ),
  tokens: ["all", "\n", "GPU-", "MIG-", "MIG-GPU-", "0:0", "0000:10:00.0", "*", "?", "A100", "/", "=", "0"],
  check,
}
