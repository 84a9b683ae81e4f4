import { describe, expect, test } from "bun:test"
import type { AmdInventory } from "../../../../src/core/vendor/amd/inventory.ts"
import { observeAmd } from "../../../../src/core/vendor/amd/observe-amd.ts"
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

const observe = (options: VendorMachine): AmdInventory => observeAmd(vendorMachine(options))
const statesOf = ({ gpus }: AmdInventory): readonly string[] => gpus.map(({ state }) => state)
const indicesOf = ({ gpus }: AmdInventory): readonly (number | undefined)[] =>
  gpus.flatMap(({ partitions }) => partitions.map(({ index }) => index))
const first = "/sys/devices/pci0000:00/0000:05:00.0"
const second = "/sys/devices/pci0000:00/0000:26:00.0"
const topology = "/sys/devices/virtual/kfd/kfd/topology/nodes"

describe("AMD's GPUs", () => {
  test("eight whole ones have an index each, in the order of the bus, and their own nodes", () => {
    const inventory = observe({ amd: ["mi300x:8"] })
    expect(tagsOf(inventory)).toEqual([])
    expect(indicesOf(inventory)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(inventory.kfd).toMatchObject({ path: "/dev/kfd" })
    // The kernel's devices for parts that there are not lie between their numbers.
    expect(inventory.gpus.map(({ partitions }) => partitions.flatMap(pathsOf))).toEqual(
      inventory.gpus.map((_, place) => [
        `/dev/dri/card${1 + 8 * place}`,
        `/dev/dri/renderD${128 + 8 * place}`,
      ]),
    )
  })

  test("facts have their source", () => {
    const { gpus } = observe({ amd: ["mi300x:1:cpx"] })
    expect(gpus[0]).toMatchObject({
      pciAddress: "0000:05:00.0",
      state: "usable",
      product: { value: "74a1", source: "/sys/bus/pci/devices/0000:05:00.0/device" },
      driver: "amdgpu",
      computePartition: {
        value: "CPX",
        source: "/sys/bus/pci/devices/0000:05:00.0/current_compute_partition",
      },
      memoryPartition: { value: "NPS1" },
    })
    expect(gpus[0]?.partitions[3]).toMatchObject({
      index: 3,
      place: 3,
      renderMinor: 131,
      topologyNode: 4,
      architecture: { value: "9.4.2", source: "/sys/class/kfd/kfd/topology/nodes/4/properties" },
    })
  })

  test.each([
    ["spx", 1],
    ["dpx", 2],
    ["qpx", 4],
    ["cpx", 8],
  ])("in mode %s a GPU of eight dies is %d partitions, counted over all GPUs", (mode, parts) => {
    const inventory = observe({ amd: [`mi300x:2:${mode}`] })
    expect(inventory.gpus.map(({ partitions }) => partitions.length)).toEqual([parts, parts])
    expect(indicesOf(inventory)).toEqual(Array.from({ length: 2 * parts }, (_, index) => index))
  })

  test("platform devices that older kernels name with a point are parts too", () => {
    const inventory = observe({
      amd: ["mi300x:1:cpx"],
      change: (tree) => {
        for (const [path, entry] of Object.entries(tree))
          if (path.startsWith("/sys/devices/platform/amdgpu_xcp_")) {
            delete tree[path]
            tree[path.replace("amdgpu_xcp_", "amdgpu_xcp.")] = entry
          }
      },
    })
    expect(indicesOf(inventory)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  test("a GPU whose domain has five digits, behind a controller that makes buses of its own, is counted too", () => {
    const inventory = observe({
      amd: ["w7900:2"],
      change: (tree) => {
        const device = "/sys/bus/pci/devices/0000:05:00.0"
        tree[device.replace("0000:", "10000:")] = tree[device] as Tree[string]
        remove(tree, device)
        rewrite(tree, `${topology}/1/properties`, (text) => text.replace(/^domain 0$/m, "domain 65536"))
      },
    })
    expect(inventory.gpus.map(({ pciAddress }) => pciAddress)).toEqual(["0000:26:00.0", "10000:05:00.0"])
    expect(indicesOf(inventory)).toEqual([0, 1])
    expect(inventory.gpus[1]?.partitions[0]).toMatchObject({ renderMinor: 128, topologyNode: 1 })
    expect(tagsOf(inventory)).toEqual([])
  })

  test("links in by-path are those of the device itself", () => {
    const { gpus } = observe({ amd: ["mi300x:1:dpx"] })
    expect(gpus[0]?.partitions.map(({ nodes }) => nodes.map(({ byPath }) => byPath?.path as string))).toEqual(
      [
        ["/dev/dri/by-path/pci-0000:05:00.0-card", "/dev/dri/by-path/pci-0000:05:00.0-render"],
        ["/dev/dri/by-path/platform-amdgpu_xcp_0-card", "/dev/dri/by-path/platform-amdgpu_xcp_0-render"],
      ],
    )
  })

  test("a unique id in hexadecimal, as some kernels write it, is the same", () => {
    const decimal = observe({ amd: ["w7900"] })
    const hexadecimal = observe({
      amd: ["w7900"],
      change: (tree) =>
        rewrite(tree, `${topology}/1/properties`, (text) =>
          text.replace(/unique_id (\d+)/, (_, id) => `unique_id 0x${BigInt(id).toString(16)}`),
        ),
    })
    expect(decimal.gpus[0]?.partitions[0]?.uniqueId?.value).toBe(decimal.gpus[0]?.uniqueId?.value ?? "")
    expect(hexadecimal).toEqual(decimal)
  })

  test("a machine without any has none, and nothing is wrong", () => {
    expect(observeAmd(createMemoryHost({}))).toEqual({ kfd: undefined, gpus: [], findings: [] })
    expect(observe({ intel: ["a770"] })).toEqual({ kfd: undefined, gpus: [], findings: [] })
  })
})

describe("what is wrong with AMD's GPUs is told, and they are listed", () => {
  const rows: readonly (readonly [
    rule: string,
    change: (tree: Tree) => void,
    expected: {
      readonly tags: readonly string[]
      readonly states: readonly string[]
      readonly indices: unknown
    },
  ])[] = [
    [
      "no driver",
      (tree) => remove(tree, `${first}/driver`),
      { tags: ["note VendorGpuUndriven"], states: ["undriven", "usable"], indices: [0] },
    ],
    [
      "another driver",
      (tree) => {
        tree[`${first}/driver`] = { kind: "symlink", target: "../../../bus/pci/drivers/vfio-pci" }
      },
      { tags: ["note VendorGpuUndriven"], states: ["undriven", "usable"], indices: [0] },
    ],
    [
      "a render node that /dev does not have",
      (tree) => remove(tree, "/dev/dri/renderD128"),
      { tags: ["error DrmNodeMissing"], states: ["broken", "usable"], indices: [undefined, 1] },
    ],
    [
      "a card that /dev does not have",
      (tree) => remove(tree, "/dev/dri/card1"),
      { tags: ["warning DrmNodeMissing"], states: ["usable", "usable"], indices: [0, 1] },
    ],
    [
      "a render node that is a link to another's",
      (tree) => {
        tree["/dev/dri/renderD128"] = { kind: "symlink", target: "renderD129" }
      },
      { tags: ["error DrmNodeMissing"], states: ["broken", "usable"], indices: [undefined, 1] },
    ],
    [
      "a render node with another's number",
      (tree) => {
        tree["/dev/dri/renderD128"] = { kind: "character", major: 226, minor: 129 }
      },
      { tags: ["error DrmNodeWrong"], states: ["broken", "usable"], indices: [undefined, 1] },
    ],
    [
      "a render node of another driver",
      (tree) => {
        tree["/dev/dri/renderD128"] = { kind: "character", major: 195, minor: 128 }
      },
      { tags: ["error DrmNodeWrong"], states: ["broken", "usable"], indices: [undefined, 1] },
    ],
    [
      "a node that two GPUs claim",
      (tree) => {
        tree[`${second}/drm/renderD128`] = { kind: "directory" }
      },
      {
        tags: ["error DrmNodeContested", "warning KfdNodeInvalid", "warning GpuWithoutCompute"],
        states: ["broken", "broken"],
        indices: [undefined, undefined],
      },
    ],
    [
      "no render node by its driver",
      (tree) => remove(tree, `${first}/drm/renderD128`),
      { tags: ["error RenderNodeAbsent"], states: ["broken", "usable"], indices: [undefined, 0] },
    ],
    [
      "no DRM device at all",
      (tree) => remove(tree, `${first}/drm`),
      { tags: ["error RenderNodeAbsent"], states: ["broken", "usable"], indices: [undefined, 0] },
    ],
    [
      "no /dev/kfd",
      (tree) => remove(tree, "/dev/kfd"),
      { tags: ["error KfdNodeMissing"], states: ["usable", "usable"], indices: [0, 1] },
    ],
    [
      "a GPU that the compute driver does not list comes last",
      (tree) => remove(tree, `${topology}/1`),
      { tags: ["warning GpuWithoutCompute"], states: ["usable", "usable"], indices: [1, 0] },
    ],
    [
      "no compute driver",
      (tree) => {
        remove(tree, "/sys/class/kfd/kfd")
        remove(tree, "/dev/kfd")
      },
      {
        tags: ["warning GpuWithoutCompute", "warning GpuWithoutCompute"],
        states: ["usable", "usable"],
        indices: [0, 1],
      },
    ],
    [
      "a topology node without a render minor",
      (tree) => rewrite(tree, `${topology}/1/properties`, (text) => text.replace(/drm_render_minor.*\n/, "")),
      {
        tags: ["warning KfdNodeInvalid", "warning GpuWithoutCompute"],
        states: ["usable", "usable"],
        indices: [1, 0],
      },
    ],
    [
      "a topology node whose numbers are beyond all numbers",
      (tree) =>
        rewrite(tree, `${topology}/1/properties`, (text) =>
          text.replace(/(drm_render_minor|location_id|unique_id).*/g, `$1 ${"9".repeat(60)}`),
        ),
      {
        tags: ["warning KfdNodeInvalid", "warning GpuWithoutCompute"],
        states: ["usable", "usable"],
        indices: [1, 0],
      },
    ],
    [
      "a topology node with the render minor of another",
      (tree) =>
        rewrite(tree, `${topology}/2/properties`, (text) => text.replace(/(drm_render_minor) .*/, "$1 128")),
      {
        tags: ["warning KfdNodeInvalid", "warning GpuWithoutCompute"],
        states: ["usable", "usable"],
        indices: [0, 1],
      },
    ],
    [
      "a topology node at another GPU's place",
      (tree) => rewrite(tree, `${topology}/1/properties`, (text) => text.replace(/(location_id) .*/, "$1 0")),
      {
        tags: ["warning KfdNodeInvalid", "warning GpuWithoutCompute"],
        states: ["usable", "usable"],
        indices: [1, 0],
      },
    ],
    [
      "a unique id of two",
      (tree) => {
        rewrite(tree, `${first}/unique_id`, () => "00000000000000ab\n")
        rewrite(tree, `${second}/unique_id`, () => "00000000000000ab\n")
      },
      { tags: ["warning UniqueIdShared"], states: ["usable", "usable"], indices: [0, 1] },
    ],
  ]
  test.each(rows)("%s", (_rule, change, { tags, states, indices }) => {
    const inventory = observe({ amd: ["w7900:2"], change })
    expect(tagsOf(inventory)).toEqual(tags)
    expect(statesOf(inventory)).toEqual(states)
    expect(indicesOf(inventory)).toEqual(indices as number[])
  })

  test("one part of a GPU that lacks its node keeps its number, and the others theirs", () => {
    const inventory = observe({
      amd: ["mi300x:1:qpx"],
      change: (tree) => remove(tree, "/dev/dri/renderD129"),
    })
    expect(tagsOf(inventory)).toEqual(["error DrmNodeMissing"])
    expect(statesOf(inventory)).toEqual(["broken"])
    expect(indicesOf(inventory)).toEqual([0, undefined, 2, 3])
  })

  test("a part of a GPU that is not there is nobody's", () => {
    const inventory = observe({
      amd: ["mi300x:2:dpx"],
      change: (tree) => remove(tree, "/sys/bus/pci/devices/0000:26:00.0"),
    })
    expect(tagsOf(inventory)).toEqual(["warning KfdNodeInvalid"])
    expect(inventory.gpus.flatMap(({ partitions }) => partitions.flatMap(pathsOf))).toEqual([
      ...["/dev/dri/card1", "/dev/dri/renderD128"],
      ...["/dev/dri/card2", "/dev/dri/renderD129"],
    ])
  })
})

describe("what is no GPU of AMD's, and what no kernel writes", () => {
  test.each([
    ["another vendor's", "vendor", "0x8086\n"],
    ["no number", "vendor", "AMD\n"],
    ["an audio device", "class", "0x040300\n"],
    ["nothing", "class", ""],
  ])("a function of %s is none", (_what, file, content) => {
    const { gpus, findings } = observe({
      amd: ["w7900"],
      change: (tree) => rewrite(tree, `${first}/${file}`, () => content),
    })
    expect({ gpus, findings }).toEqual({ gpus: [], findings: [] })
  })

  test("links in circles and names that are no numbers end nowhere", () => {
    const inventory = observe({
      amd: ["w7900"],
      change: (tree) => {
        remove(tree, `${first}/drm`)
        tree[`${first}/drm`] = { kind: "symlink", target: "drm" }
        tree["/sys/devices/platform/amdgpu_xcp_0"] = { kind: "symlink", target: "amdgpu_xcp_0" }
        tree[`${topology}/0x1/properties`] = { kind: "file", content: "drm_render_minor 128\n" }
        tree["/sys/bus/pci/devices/../../x"] = { kind: "directory" }
      },
    })
    expect(statesOf(inventory)).toEqual(["broken"])
    expect(tagsOf(inventory)).toEqual([
      "warning HostReadFailed",
      "warning HostReadFailed",
      "error RenderNodeAbsent",
    ])
  })

  test.each([
    "renderD0128",
    "renderD-1",
    "renderD99999999999999999999",
    "renderD1048576",
    "renderD128 ",
    "cardx",
    "..",
  ])("%p is no name of a node", (name) => {
    const inventory = observe({
      amd: ["w7900"],
      change: (tree) => {
        tree[`${first}/drm/${name}`] = { kind: "directory" }
      },
    })
    expect(inventory).toEqual(observe({ amd: ["w7900"] }))
  })
})
