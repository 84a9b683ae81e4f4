import { expect, test } from "bun:test"
import type { CliFiles } from "../../../src/core/explain/cli-files.ts"
import type { CliListRequest } from "../../../src/core/explain/cli-list-request.ts"
import { renderCliList } from "../../../src/core/explain/render-cli-list.ts"
import type { Inventory, MigDevice } from "../../../src/core/inventory/inventory.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { memoryMachine } from "../../machine.ts"

const seen = observeInventory(memoryMachine({ gpus: 1 }))
const [gpu] = seen.gpus
const device: MigDevice = {
  gpuIndex: 0,
  index: 0,
  gpuInstance: 2,
  computeInstance: 1,
  accessFiles: [],
  uuid: undefined,
  profile: undefined,
  gpuInstanceNode: undefined,
  computeInstanceNode: undefined,
}
const minors = new Map([
  ["gpu0/gi2/access", 5],
  ["gpu0/gi2/ci1/access", 6],
])
const files: CliFiles = { binaries: [], libraries: [], libraries32: [], sockets: [], firmware: [] }

function list(inventory: Inventory): readonly string[] {
  if (gpu === undefined) throw new Error("no GPU")
  const request: CliListRequest = {
    devices: [{ kind: "mig", gpu, device, selector: "0:0" }],
    imexChannels: [],
    hasMigConfig: false,
    hasMigMonitor: false,
    sockets: [],
    hasBinaries: false,
    hasLibraries: false,
    hasCompat32: false,
    hasFirmware: false,
  }
  return renderCliList(inventory, files, minors, request).split("\n").slice(0, -1)
}

const place = "/proc/driver/nvidia/capabilities/gpu0/mig/gi2"

test("the nodes of a MIG device are listed by the driver's numbers, whether they are there or not", () => {
  expect(list({ ...seen, majors: { ...seen.majors, "nvidia-caps": 236 } }).slice(-4)).toEqual([
    ...[`${place}/access`, `${place}/ci1/access`],
    ...["/dev/nvidia-caps/nvidia-cap5", "/dev/nvidia-caps/nvidia-cap6"],
  ])
})

test("a driver without such nodes has its files alone", () => {
  const { "nvidia-caps": _, ...majors } = seen.majors
  expect(list({ ...seen, majors }).slice(-2)).toEqual([`${place}/access`, `${place}/ci1/access`])
})

test("a Windows machine has one node for everything", () => {
  const dxg = { path: hostPath("/dev/dxg"), major: 10, minor: 125, mode: 0o666, uid: 0, gid: 0 }
  const wsl: Inventory = { ...seen, platform: "wsl", nodes: { ...seen.nodes, dxg }, majors: {} }
  expect(list(wsl).filter((path) => path.startsWith("/dev/"))).toEqual(["/dev/dxg"])
})
