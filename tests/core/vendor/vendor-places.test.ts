import { expect, test } from "bun:test"
import { observeVendor } from "../../../src/core/vendor/generate-vendor-spec.ts"
import type { VendorName } from "../../../src/core/vendor/vendor-names.ts"
import { standingPlaces, vendorPlaces } from "../../../src/core/vendor/vendor-places.ts"
import { type VendorMachine, vendorMachine } from "./vendor-machine.ts"

function placesOf(vendor: VendorName, machine: VendorMachine): readonly string[] {
  const host = vendorMachine(machine)
  return vendorPlaces(vendor, host, observeVendor(vendor, host))
}

test("a machine without GPUs is watched where the first would show", () => {
  expect(placesOf("intel", {})).toEqual([...standingPlaces("intel")])
  expect([...standingPlaces("amd")].map(String)).toEqual([
    "/sys/module/amdgpu",
    "/sys/bus/pci/devices",
    "/dev/dri",
    "/dev/dri/by-path",
    "/dev/kfd",
    "/sys/class/kfd/kfd/topology/nodes",
  ])
})

test("a GPU by its driver and its DRM devices, a node by itself, a part by the compute driver's entry", () => {
  const places = placesOf("amd", { amd: ["mi300x:1:cpx"], intel: ["a770"] })
  for (const path of [
    "/sys/bus/pci/devices/0000:05:00.0/driver",
    "/sys/bus/pci/devices/0000:05:00.0/drm",
    "/dev/dri/renderD128",
    "/dev/dri/renderD135",
    "/sys/class/kfd/kfd/topology/nodes/8",
  ])
    expect(places.map(String)).toContain(path)
  // A link that is absent has no stamp below a place that has one.
  expect(places.map(String)).not.toContain("/sys/bus/pci/devices/0000:05:00.0")
  expect(places.filter((path) => path.includes("0000:03:00.0"))).toEqual([])
  expect(placesOf("intel", { amd: ["mi300x:1:cpx"] }).filter((path) => path.includes("kfd"))).toEqual([])
})
