/** Whose GPUs a specification is made of, on machines with GPUs of several vendors, driven or not. */

import { expect, test } from "bun:test"
import { chooseVendors, type GpuVendor } from "../../../src/commands/cdi/choose-vendors.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { decodeUtf8 } from "../../../src/core/text/utf8.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { type Tree, type VendorMachine, vendorMachine } from "../../core/vendor/vendor-machine.ts"

const file = (content: string) => ({ kind: "file", content }) as const
const bus = "/sys/bus/pci/devices"
/** A function of NVIDIA's on the bus. */
const onBus =
  (address: string, driver: string | undefined, deviceClass = "0x030200") =>
  (tree: Tree): void => {
    const place = `${bus}/${address}`
    tree[`${place}/vendor`] = file("0x10de\n")
    tree[`${place}/class`] = file(`${deviceClass}\n`)
    tree[`${place}/device`] = file("0x20b0\n")
    if (driver !== undefined)
      tree[`${place}/driver`] = { kind: "symlink", target: `../../../bus/pci/drivers/${driver}` }
  }
const holds =
  (path: string, content = "") =>
  (tree: Tree): void => {
    tree[path] = file(content)
  }
const driver = holds("/sys/module/nvidia/version", "550.163.01\n")
/** Every GPU of the vendors whose IDs these are is kept for virtual machines. */
const keptForMachines =
  (...vendors: readonly string[]) =>
  (tree: Tree): void => {
    const host = createMemoryHost(tree)
    for (const path of Object.keys(tree).filter((one) => /^\/sys\/devices\/.*\/driver$/.test(one))) {
      const text = host.readFile(hostPath(path.replace(/driver$/, "vendor")))
      if (text.ok && vendors.includes(decodeUtf8(text.value).trim()))
        tree[path] = { kind: "symlink", target: "../../../bus/pci/drivers/vfio-pci" }
    }
  }
const machine = (orders: VendorMachine, ...changes: readonly ((tree: Tree) => void)[]) =>
  vendorMachine({
    ...orders,
    change: (tree) => {
      for (const change of changes) change(tree)
    },
  })
const amd: VendorMachine = { amd: ["mi210"] }
const both: VendorMachine = { amd: ["mi210"], intel: ["flex170"] }

test.each<[GpuVendor]>([["nvidia"], ["amd"], ["intel"]])(
  "who is named is chosen, there or not: %s",
  async (said) => {
    for (const host of [machine({}), machine(both, driver)])
      expect(await chooseVendors(host, said)).toEqual([said])
  },
)

test.each<
  [what: string, host: ReturnType<typeof machine>, unsaid: readonly GpuVendor[], all: readonly GpuVendor[]]
>([
  ["nobody", machine({}), ["nvidia"], ["nvidia"]],
  ["one of the others", machine(amd), ["amd"], ["amd"]],
  ["the others", machine(both), ["amd", "intel"], ["amd", "intel"]],
  ["NVIDIA's driver", machine({}, driver), ["nvidia"], ["nvidia"]],
  ["NVIDIA's driver and the others", machine(both, driver), ["nvidia"], ["nvidia", "amd", "intel"]],
  ["WSL, and a card besides", machine(amd, holds("/dev/dxg")), ["nvidia"], ["nvidia", "amd"]],
  ["Tegra, and a card besides", machine(amd, holds("/etc/nv_tegra_release")), ["nvidia"], ["nvidia", "amd"]],
  [
    "a GPU of NVIDIA's without a driver, of which who asks for all is told",
    machine(amd, onBus("0000:81:00.0", undefined)),
    ["amd"],
    ["nvidia", "amd"],
  ],
  [
    "a GPU of NVIDIA's that is a virtual machine's",
    machine(amd, onBus("0000:81:00.0", "vfio-pci")),
    ["amd"],
    ["amd"],
  ],
  [
    "two GPUs of NVIDIA's, of which one is a virtual machine's and one has no driver",
    machine(amd, onBus("0000:81:00.0", "vfio-pci"), onBus("0000:82:00.0", undefined)),
    ["amd"],
    ["nvidia", "amd"],
  ],
  [
    "NVIDIA's sound without a driver, which is no GPU",
    machine(amd, onBus("0000:81:00.1", undefined, "0x040300")),
    ["amd"],
    ["amd"],
  ],
  [
    "others' of which one's are virtual machines'",
    machine(both, keptForMachines("0x1002")),
    ["intel"],
    ["intel"],
  ],
  [
    "others' that are all virtual machines', which is told of them",
    machine(both, keptForMachines("0x1002", "0x8086")),
    ["amd", "intel"],
    ["amd", "intel"],
  ],
])("of a machine that has %s", async (_what, host, unsaid, all) => {
  expect(await chooseVendors(host, undefined)).toEqual(unsaid as [GpuVendor])
  expect(await chooseVendors(host, "all")).toEqual(all as [GpuVendor])
})

test("where NVIDIA's driver decides, nobody looks at the bus", async () => {
  const host = machine(both, driver)
  const listed: string[] = []
  const watched: typeof host = {
    ...host,
    readDir: (path) => {
      listed.push(path)
      return host.readDir(path)
    },
  }
  await chooseVendors(watched, undefined)
  expect(listed).toEqual([])
  await chooseVendors(watched, "all")
  expect(listed).toContain(bus)
})
