import { expect, test } from "bun:test"
import { checkMigRights } from "../../../src/core/inventory/mig-rights.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { selectDevices } from "../../../src/core/inventory/select-devices.ts"
import { memoryMachine } from "../../machine.ts"

const machine = memoryMachine({
  gpus: 2,
  change(tree) {
    const lines = [
      "config 1",
      "monitor 2",
      "gpu0/gi1/access 12",
      "gpu0/gi1/ci0/access 13",
      "gpu0/gi2/access 20",
    ]
    const content = [...lines, "gpu1/gi0/access 30", "gpu7/gi0/access 90", "nonsense"].join("\n")
    tree["/proc/driver/nvidia-caps/mig-minors"] = { kind: "file", content }
    for (const number of [12, 13])
      tree[`/dev/nvidia-caps/nvidia-cap${number}`] = {
        kind: "character",
        major: 236,
        minor: number,
        mode: 0o444,
      }
  },
})
const inventory = observeInventory(machine)

test("numbers of every instance are kept as runs, of GPUs that are there", () => {
  expect(inventory.migRights).toEqual({
    config: 1,
    monitor: 2,
    gpus: [
      {
        minor: 0,
        runs: [
          [12, 13],
          [20, 20],
        ],
      },
      { minor: 1, runs: [[30, 30]] },
    ],
  })
})

test("a driver that knows nothing of MIG gives no right", () => {
  expect(
    observeInventory(
      memoryMachine({ gpus: 1, change: (tree) => delete tree["/proc/driver/nvidia-caps/mig-minors"] }),
    ).migRights,
  ).toBeUndefined()
})

test.each([
  ["", "", "0", []],
  ["all", "", "0", ["config"]],
  ["", "ALL,", "all", ["monitor"]],
  ["all", "all", "all", ["config", "monitor"]],
  ["0", "", "0", "0 item"],
  ["all,1", "", "0", ["config"]],
  ["1,all", "", "0", "1 item"],
  ["all", "", "0:0,all", ["config"]],
  ["all", "", "0:0", "all devices"],
])("config %j, monitor %j beside device %s", (config, monitor, device, expected) => {
  const devices = selectDevices(device.split(","), inventory)
  if (!devices.ok) throw new Error(devices.fault.tag)
  const checked = checkMigRights({ config, monitor }, devices.value)
  if (checked.ok) expect(checked.value).toEqual(expected as never)
  else expect(checked.fault).toMatchObject({ tag: "MigRightInvalid" })
  if (!checked.ok && checked.fault.tag === "MigRightInvalid")
    expect(`${checked.fault.data.item} ${checked.fault.data.problem}`).toBe(String(expected))
})
