import { describe, expect, test } from "bun:test"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { generateVendorSpec } from "../../../src/core/vendor/generate-vendor-spec.ts"
import { findOwnVendorContent } from "../../../src/core/vendor/own-vendor-content.ts"
import { type VendorName, vendorNames } from "../../../src/core/vendor/vendor-names.ts"
import { bareNode, bareRdt } from "../cdi/read/bare-parts.ts"
import { type VendorMachine, vendorMachine } from "./vendor-machine.ts"

function specOf(vendor: VendorName, machine: VendorMachine): CdiSpec {
  const made = generateVendorSpec(vendor, vendorMachine(machine), { hasGroups: true })
  if (!made.ok) throw new Error(made.fault.tag)
  return made.value.spec
}

const machines: Readonly<Record<VendorName, readonly [now: VendorMachine, before: VendorMachine]>> = {
  amd: [{ amd: ["w7900:2"] }, { amd: ["mi300x:1:cpx"], drmBefore: 3 }],
  intel: [{ intel: ["flex170:2"] }, { intel: ["a770", "flex170"], drmBefore: 3 }],
}
const hook = { hookName: "createContainer", path: "/bin/sh", args: [], env: ["A=b"], timeout: undefined }
const mountOf = (path: string): Partial<ContainerEdits> => ({
  mounts: [{ hostPath: path, containerPath: path, options: ["bind"], type: "none" }],
})

describe.each(vendorNames)("of a specification of %s", (vendor) => {
  const [now, before] = machines[vendor]
  const made = specOf(vendor, now)
  const withEdits = (added: Partial<ContainerEdits>): readonly CdiSpec[] => [
    { ...made, containerEdits: { ...noEdits, ...added } },
    {
      ...made,
      devices: [
        ...made.devices,
        { name: "1", annotations: new Map(), containerEdits: { ...noEdits, ...added } },
      ],
    },
  ]

  test("nothing is its author's that a generator wrote, of this machine or of what it was", () => {
    expect(findOwnVendorContent(vendor, made, made)).toBeUndefined()
    expect(findOwnVendorContent(vendor, specOf(vendor, before), made)).toBeUndefined()
  })

  test.each<[what: string, added: Partial<ContainerEdits>]>([
    ["the variable SITE", { env: ["SITE=north=1"] }],
    ["the device node /dev/dri-of-mine", { deviceNodes: [bareNode("/dev/dri-of-mine")] }],
    ["the device node /dev/kfd0", { deviceNodes: [bareNode("/dev/kfd0")] }],
    ["the device node /srv/dev/dri/card0", { deviceNodes: [bareNode("/srv/dev/dri/card0")] }],
    ["the mount of /srv/dev/dri/by-path/pci-0", mountOf("/srv/dev/dri/by-path/pci-0")],
    ["the mount of /dev/dri/by-path", mountOf("/dev/dri/by-path")],
    ["the hook /bin/sh", { hooks: [hook] }],
    ["the group 4711", { additionalGids: [4711] }],
    ["intelRdt or netDevices", { netDevices: [{ hostInterfaceName: "a", name: "b" }] }],
    ["intelRdt or netDevices", { intelRdt: bareRdt }],
  ])("%s is, for every container and for one device", (what, added) => {
    for (const spec of withEdits(added)) expect(findOwnVendorContent(vendor, spec, made)).toBe(what)
  })

  test.each<[what: string, written: Partial<ContainerEdits>]>([
    ["a card", { deviceNodes: [bareNode("/dev/dri/card12")] }],
    ["a render node", { deviceNodes: [bareNode("/dev/dri/renderD140")] }],
    ["a place on the bus", { deviceNodes: [bareNode("/dev/dri/by-path/pci-0000:07:00.0-card")] }],
    ["the directory of nodes", { deviceNodes: [bareNode("/dev/dri")] }],
    ["a place on the bus as a mount", mountOf("/dev/dri/by-path/pci-0000:07:00.0-render")],
  ])("%s of a GPU that is gone is not", (_what, written) => {
    for (const spec of withEdits(written)) expect(findOwnVendorContent(vendor, spec, made)).toBeUndefined()
  })

  test("a device, and what is noted of it or of the file, is", () => {
    const annotations = new Map([["site", "north"]])
    const [first, ...rest] = made.devices
    if (first === undefined) throw new Error("no device")
    const named = (name: string): CdiSpec => ({ ...made, devices: [...rest, { ...first, name }] })
    expect(findOwnVendorContent(vendor, named("render-farm"), made)).toBe('a device "render-farm"')
    expect(findOwnVendorContent(vendor, named("left"), made)).toBe('a device "left"')
    expect(findOwnVendorContent(vendor, { ...made, annotations }, made)).toBe("the annotation site")
    const noted = { ...made, devices: [...rest, { ...first, annotations }] }
    expect(findOwnVendorContent(vendor, noted, made)).toBe("the annotation site")
  })
})
