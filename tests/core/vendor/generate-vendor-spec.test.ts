import { expect, test } from "bun:test"
import {
  findVendorTrouble,
  generateVendorSpec,
  vendorsElsewhere,
  vendorsOn,
} from "../../../src/core/vendor/generate-vendor-spec.ts"
import { vendorNames } from "../../../src/core/vendor/vendor-names.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { remove, tagsOf, vendorMachine } from "./vendor-machine.ts"

test.each([
  [[], [], []],
  [["mi210"], [], ["amd"]],
  [[], ["uhd770"], ["intel"]],
  [["mi300x:1:cpx"], ["uhd770", "b60"], ["amd", "intel"]],
])("a machine with %p and %p has GPUs of %p, and a specification for each of them", (amd, intel, vendors) => {
  const host = amd.length + intel.length === 0 ? createMemoryHost({}) : vendorMachine({ amd, intel })
  expect(vendorsOn(host)).toEqual(vendors as (typeof vendorNames)[number][])
  for (const vendor of vendorNames) {
    const made = generateVendorSpec(vendor, host, { hasGroups: true })
    expect(made.ok).toBe(vendors.includes(vendor))
    if (made.ok) expect(made.value.spec.kind).toBe(`${vendor}.com/gpu`)
  }
})

test("a vendor whose GPUs are all broken is there all the same", () => {
  const host = vendorMachine({ intel: ["a770"], change: (tree) => remove(tree, "/dev/dri/renderD128") })
  expect(vendorsOn(host)).toEqual(["intel"])
  expect(generateVendorSpec("intel", host, { hasGroups: true })).toMatchObject({
    ok: false,
    fault: { tag: "VendorGpuAbsent", data: { broken: ["0000:03:00.0"] } },
  })
})

test("GPUs that another driver has are nobody's, and those that no driver has are somebody's", () => {
  const held = (...drivers: readonly (string | undefined)[]) =>
    vendorMachine({
      amd: ["w7900:2"],
      intel: ["a770"],
      change: (tree) => {
        for (const [gpu, driver] of drivers.entries()) {
          const path = `/sys/devices/pci0000:00/0000:${["05", "26"][gpu]}:00.0/driver`
          remove(tree, path)
          if (driver !== undefined)
            tree[path] = { kind: "symlink", target: `../../../bus/pci/drivers/${driver}` }
        }
      },
    })
  expect(vendorsOn(held("vfio-pci", "vfio-pci"))).toEqual(["intel"])
  expect(vendorsElsewhere(held("vfio-pci", "radeon"))).toEqual(["amd"])
  expect(vendorsOn(held("vfio-pci"))).toEqual(["amd", "intel"])
  expect(vendorsOn(held("vfio-pci", undefined))).toEqual(["amd", "intel"])
  expect(vendorsElsewhere(held("vfio-pci", undefined))).toEqual([])
  expect(tagsOf({ findings: findVendorTrouble("amd", held("vfio-pci", undefined)) })).toEqual([
    "note VendorGpuUndriven",
    "note VendorGpuUndriven",
  ])
})
