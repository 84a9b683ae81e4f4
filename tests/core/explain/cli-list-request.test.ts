import { describe, expect, test } from "bun:test"
import { parseCliList, resolveCliList } from "../../../src/core/explain/cli-list-request.ts"
import { faultSentence } from "../../../src/core/fault/render.ts"
import type { Inventory, MigDevice } from "../../../src/core/inventory/inventory.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { memoryMachine } from "../../machine.ts"
import { unreadHost } from "../../unread-host.ts"

const seen = observeInventory(memoryMachine({ gpus: 3 }))
const mig = (gpuIndex: number, index: number): MigDevice => ({
  gpuIndex,
  index,
  gpuInstance: index,
  computeInstance: 0,
  accessFiles: [],
  uuid: undefined,
  profile: undefined,
  gpuInstanceNode: undefined,
  computeInstanceNode: undefined,
})
const inventory: Inventory = { ...seen, migDevices: [mig(0, 0), mig(0, 1), mig(1, 0)] }

type Given = Readonly<Record<string, readonly string[]>>

/** What is listed, or the sentence of the refusal. */
function resolve(given: Given, on: Inventory = inventory): unknown {
  const asked = parseCliList(new Map(Object.entries(given)), 2)
  const request = asked.ok ? resolveCliList(asked.value, on) : asked
  if (!request.ok) return faultSentence(request.fault).replace("nvidia-container-cli: ", "")
  const { devices, hasMigConfig, hasMigMonitor } = request.value
  return [
    devices
      ?.map((one) => (one.kind === "gpu" ? `${one.gpu.index}` : `${one.gpu.index}:${one.device.index}`))
      .join(),
    ...(hasMigConfig ? ["config"] : []),
    ...(hasMigMonitor ? ["monitor"] : []),
  ]
}

describe("when everything is listed", () => {
  const isEverything = (given: Given, wordCount: number): boolean => {
    const asked = parseCliList(new Map(Object.entries(given)), wordCount)
    return asked.ok && asked.value.hasBinaries
  }
  test.each<[reason: string, given: Given, words: number, everything: boolean]>([
    ["nothing was said", {}, 0, true],
    ["one word names channels", { "imex-channel": ["0"] }, 1, true],
    ["one word names no channel", { "imex-channel": [""] }, 1, true],
    ["channels in two words", { "imex-channel": ["0"] }, 2, false],
    ["channels twice", { "imex-channel": ["0", "1"] }, 2, false],
    ["a word that says nothing", {}, 1, false],
    ["a switch", { "no-persistenced": [""] }, 1, false],
  ])("%s", (_, given, words, everything) => {
    expect(isEverything(given, words)).toBe(everything)
  })
})

describe("devices and rights over MIG", () => {
  test.each<[reason: string, given: Given, expected: readonly (string | undefined)[]]>([
    ["no device was named", {}, [undefined]],
    ["none of a list", { device: [","] }, [""]],
    ["as asked, and each once", { device: ["2,0", "2"] }, ["2,0"]],
    ["a MIG device before another's", { device: ["1:0,0:1"] }, ["1:0,0:1"]],
    ["a right for what is selected", { device: ["0"], "mig-config": ["all"] }, ["0", "config"]],
    ["a right for nothing", { "mig-monitor": ["ALL"] }, [undefined, "monitor"]],
    ["no right", { "mig-config": [","], "mig-monitor": [""] }, [undefined]],
    ["what stands behind all is not read", { "mig-config": ["all,0"] }, [undefined, "config"]],
    [
      "all makes up for a MIG device in front of it",
      { device: ["0:0,all"], "mig-config": ["all"] },
      ["0:0,0,1,2,0:1,1:0", "config"],
    ],
  ])("%s", (_, given, expected) => {
    expect(resolve(given)).toEqual([...expected])
  })

  const onlyAll = "only 'all' devices are currently supported"
  test.each<[reason: string, given: Given, sentence: string]>([
    ["unknown", { device: ["0,9"] }, "device error: 9: unknown device"],
    ["no right for one", { "mig-config": ["0"] }, `mig-config error: 0: ${onlyAll}`],
    ["no right for one and all", { "mig-monitor": ["0,all"] }, `mig-monitor error: 0: ${onlyAll}`],
    [
      "no right beside a MIG device",
      { device: ["0:0"], "mig-monitor": ["all"] },
      "mig-monitor error: all: cannot enable mig-monitor with specific MIG devices selected",
    ],
    ["devices are judged first", { device: ["9"], "mig-config": ["0"] }, "device error: 9: unknown device"],
    [
      "config before monitor",
      { "mig-monitor": ["1"], "mig-config": ["0"] },
      `mig-config error: 0: ${onlyAll}`,
    ],
    [
      "channels before devices",
      { device: ["9"], "imex-channel": ["1,x"] },
      "error parsing IMEX info: unsupported IMEX channel value: x",
    ],
    [
      "as many channels as a minor has",
      { "imex-channel": ["1048576"] },
      "error parsing IMEX info: unsupported IMEX channel value: 1048576",
    ],
  ])("%s", (_, given, sentence) => {
    expect(resolve(given)).toBe(sentence)
  })

  test("where no GPU can be used the list of devices is not judged, the rights are", () => {
    const none = { ...inventory, gpus: [], migDevices: [] }
    expect(resolve({ device: ["9"] }, none)).toEqual([""])
    expect(resolve({ device: ["9"], "mig-config": ["0"] }, none)).toBe(`mig-config error: 0: ${onlyAll}`)
  })

  test("where the GPUs cannot be read the list of devices is not known to be empty", () => {
    const unread = observeInventory(unreadHost(memoryMachine({ gpus: 3 }), /\/nvidia\/gpus$/, "EIO"))
    const said = 'cannot read "/proc/driver/nvidia/gpus": readdir: EIO'
    expect([resolve({ device: ["all"] }, unread), resolve({ device: ["0"] }, unread)]).toEqual([said, said])
    expect(resolve({ libraries: [] }, unread)).toEqual(resolve({ libraries: [] }))
  })
})
