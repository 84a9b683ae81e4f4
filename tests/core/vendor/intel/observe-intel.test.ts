import { describe, expect, test } from "bun:test"
import type { IntelInventory } from "../../../../src/core/vendor/intel/inventory.ts"
import { observeIntel } from "../../../../src/core/vendor/intel/observe-intel.ts"
import { createMemoryHost } from "../../../../src/host/memory.ts"
import {
  pathsOf,
  remove,
  rewrite,
  type Tree,
  tagsOf,
  type VendorMachine,
  vendorMachine,
} from "../vendor-machine.ts"

const observe = (options: VendorMachine): IntelInventory => observeIntel(vendorMachine(options))
const shown = ({ gpus }: IntelInventory) =>
  gpus.map(({ index, state, pciAddress }) => `${index} ${state} ${pciAddress}`)
const integrated = "/sys/devices/pci0000:00/0000:00:02.0"

describe("Intel's GPUs", () => {
  test("integrated and discrete, of both drivers, are counted in the order of the bus", () => {
    const inventory = observe({ intel: ["flex170:2", "uhd770", "b60"] })
    expect(tagsOf(inventory)).toEqual([])
    expect(shown(inventory)).toEqual([
      "0 usable 0000:00:02.0",
      "1 usable 0000:03:00.0",
      "2 usable 0000:24:00.0",
      "3 usable 0000:45:00.0",
    ])
    expect(inventory.gpus.map(({ driver }) => driver)).toEqual(["i915", "i915", "i915", "xe"])
  })

  test("have their own nodes, with the links that lead there", () => {
    const [gpu] = observe({ intel: ["b60"] }).gpus
    expect(gpu).toMatchObject({
      product: { value: "e211", source: "/sys/bus/pci/devices/0000:03:00.0/device" },
      renderMinor: 128,
      physicalFunction: undefined,
      nodes: [
        { node: { path: "/dev/dri/card1" }, byPath: { path: "/dev/dri/by-path/pci-0000:03:00.0-card" } },
        {
          node: { path: "/dev/dri/renderD128" },
          byPath: { path: "/dev/dri/by-path/pci-0000:03:00.0-render" },
        },
      ],
    })
  })

  test("a virtual function says whose it is", () => {
    const { gpus } = observe({
      intel: ["flex170:2"],
      change: (tree) => {
        tree["/sys/devices/pci0000:00/0000:24:00.0/physfn"] = { kind: "symlink", target: "../0000:03:00.0" }
      },
    })
    expect(gpus.map(({ physicalFunction }) => physicalFunction)).toEqual([undefined, "0000:03:00.0"])
  })

  test("a machine without any has none, and nothing is wrong", () => {
    expect(observeIntel(createMemoryHost({}))).toEqual({ gpus: [], findings: [] })
    expect(observe({ amd: ["w7900"] })).toEqual({ gpus: [], findings: [] })
  })

  const rows: readonly (readonly [
    rule: string,
    change: (tree: Tree) => void,
    tags: readonly string[],
    first: string,
    /** Index of the other. */
    second: number,
  ])[] = [
    [
      "without a driver",
      (tree) => remove(tree, `${integrated}/driver`),
      ["note VendorGpuUndriven"],
      "undefined undriven",
      0,
    ],
    [
      "kept for a virtual machine",
      (tree) => {
        tree[`${integrated}/driver`] = { kind: "symlink", target: "../../../bus/pci/drivers/xe-vfio-pci" }
      },
      ["note VendorGpuUndriven"],
      "undefined undriven",
      0,
    ],
    [
      "with a driver that made nothing",
      (tree) => remove(tree, `${integrated}/drm`),
      ["error RenderNodeAbsent"],
      "undefined broken",
      0,
    ],
    [
      "without its render node",
      (tree) => remove(tree, "/dev/dri/renderD128"),
      ["error DrmNodeMissing"],
      "undefined broken",
      1,
    ],
    ["that has no card", (tree) => remove(tree, `${integrated}/drm/card1`), [], "0 usable", 1],
    ["without its card", (tree) => remove(tree, "/dev/dri/card1"), ["warning DrmNodeMissing"], "0 usable", 1],
    [
      "with the other's node",
      (tree) => {
        tree["/dev/dri/renderD128"] = { kind: "character", major: 226, minor: 129 }
      },
      ["error DrmNodeWrong"],
      "undefined broken",
      1,
    ],
  ]
  test.each(rows)(
    "one %s is listed, and the other has its own index",
    (_rule, change, tags, first, second) => {
      const inventory = observe({ intel: ["uhd770", "a770"], change })
      expect(tagsOf(inventory)).toEqual([...tags])
      expect(shown(inventory)[0]).toBe(`${first} 0000:00:02.0`)
      expect(inventory.gpus[1]).toMatchObject({ state: "usable", index: second })
    },
  )

  test.each([
    ["a graphics accelerator of another class", "class", "0x120000\n"],
    ["another vendor's", "vendor", "0x10de\n"],
  ])("%s is none", (_what, file, content) => {
    expect(
      observe({ intel: ["uhd770"], change: (tree) => rewrite(tree, `${integrated}/${file}`, () => content) }),
    ).toEqual({
      gpus: [],
      findings: [],
    })
  })
})

test("on a machine of three vendors each sees its own, and nobody another's nodes", () => {
  const inventory = observe({ amd: ["mi300x:1:cpx"], intel: ["uhd770", "flex170"], drmBefore: 2 })
  expect(inventory.gpus.map(pathsOf)).toEqual([
    ["/dev/dri/card11", "/dev/dri/renderD138"],
    ["/dev/dri/card12", "/dev/dri/renderD139"],
  ])
})
