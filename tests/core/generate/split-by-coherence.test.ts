import { expect, test } from "bun:test"
import { chooseDevices } from "../../../src/core/generate/choose-devices.ts"
import { splitByCoherence } from "../../../src/core/generate/split-by-coherence.ts"
import type { Gpu, Inventory } from "../../../src/core/inventory/inventory.ts"
import { observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { openHost } from "../../../src/host/open-host.ts"
import { hostFile } from "../../hosts/recorded-host.ts"

const inventoryOf = (name: string, change: (gpu: Gpu, index: number) => Partial<Gpu>): Inventory => {
  const host = openHost(hostFile(name, "machine.json"))
  if (!host.ok) throw new Error(name)
  const { inventory } = observeSnapshot(host.value, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
  return { ...inventory, gpus: inventory.gpus.map((gpu, index) => ({ ...gpu, ...change(gpu, index) })) }
}

const sourced = <T>(value: T) => ({ value, source: "NVML" as const })
/** Every second has MIG enabled, and nobody has made an instance yet. */
const half = (_: Gpu, index: number): Partial<Gpu> => ({ isMigEnabled: sourced(index % 2 === 1) })

const classesOf = (inventory: Inventory, devices: readonly string[]) =>
  splitByCoherence(inventory, { devices, mode: "nvml" })

test.each(["a100", "gb200"])(
  "on %s classes hold the GPUs of the whole specification, and no others",
  (name) => {
    for (const change of [() => ({}), half]) {
      const inventory = inventoryOf(name, change)
      for (const devices of [["all"], ["1"], ["0", "1"]]) {
        const chosen = chooseDevices(devices, inventory)
        if (!chosen.ok) throw new Error(chosen.fault.tag)
        const whole = chosen.value.flatMap((one) => (one.kind === "gpu" ? [one.gpu.pciAddress] : []))
        expect(classesOf(inventory, devices).flatMap((one) => one.devices)).toEqual(whole)
      }
    }
  },
)

test("superchips are coherent, cards are not, and other modes have no classes", () => {
  expect(
    classesOf(
      inventoryOf("gb200", () => ({})),
      ["all"],
    ).map(({ infix }) => infix),
  ).toEqual([".coherent"])
  const cards = inventoryOf("a100", () => ({}))
  expect(classesOf(cards, ["all"]).map(({ infix }) => infix)).toEqual([".noncoherent"])
  expect(splitByCoherence(cards, { devices: ["all"], mode: "management" })).toEqual([])
})
