import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { parseSpec } from "../../../src/core/cdi/read/parse-spec.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { type CdiSpec, editsWithPaths } from "../../../src/core/cdi/spec.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { amdKind, generateAmdSpec } from "../../../src/core/vendor/amd/generate-amd-spec.ts"
import { observeAmd } from "../../../src/core/vendor/amd/observe-amd.ts"
import { generateIntelSpec, intelKind } from "../../../src/core/vendor/intel/generate-intel-spec.ts"
import { observeIntel } from "../../../src/core/vendor/intel/observe-intel.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { amdModels, intelModels, partitionModes } from "../../../src/host/simulate/vendor-models.ts"
import { propertyRuns } from "../../property-runs.ts"
import {
  remove,
  rewrite,
  type Tree,
  type VendorMachine,
  vendorMachine,
  vendorTree,
} from "./vendor-machine.ts"

const generate = { amd: amdSpec, intel: intelSpec }

function amdSpec(host: Host, hasGroups = true): CdiSpec {
  const made = generateAmdSpec(observeAmd(host), { hasGroups })
  if (!made.ok) throw new Error(made.fault.tag)
  return made.value.spec
}
function intelSpec(host: Host, hasGroups = true): CdiSpec {
  const made = generateIntelSpec(observeIntel(host), { hasGroups })
  if (!made.ok) throw new Error(made.fault.tag)
  return made.value.spec
}

const namesOf = ({ devices }: CdiSpec): readonly string[] => devices.map(({ name }) => name)
function nodesOf(spec: CdiSpec, name: string): readonly string[] {
  const device = spec.devices.find((one) => one.name === name)
  if (device === undefined) throw new Error(`${name} is none of ${namesOf(spec).join(", ")}`)
  return device.containerEdits.deviceNodes.map(({ path }) => path)
}
const aliasesOf = (spec: CdiSpec, name: string): readonly string[] => {
  const nodes = JSON.stringify(nodesOf(spec, name))
  return namesOf(spec).filter((one) => one !== "all" && JSON.stringify(nodesOf(spec, one)) === nodes)
}

describe("AMD's specification", () => {
  test("names a GPU by index, PCI address and unique id", () => {
    const spec = amdSpec(vendorMachine({ amd: ["mi300x:8"] }))
    expect(spec.kind).toBe(amdKind)
    expect(spec.devices).toHaveLength(8 * 3 + 1)
    expect(aliasesOf(spec, "1")).toEqual(["0000:26:00.0", expect.stringMatching(/^0x[0-9a-f]{1,16}$/), "1"])
    expect(nodesOf(spec, "1")).toEqual(["/dev/kfd", "/dev/dri/card9", "/dev/dri/renderD136"])
    expect(nodesOf(spec, "all")).toHaveLength(1 + 8 * 2)
  })

  test("names the whole of a GPU that is cut, and each part", () => {
    const spec = amdSpec(vendorMachine({ amd: ["mi300x:2:qpx"] }))
    expect(aliasesOf(spec, "5")).toEqual(["0000:26:00.0:1", expect.stringMatching(/^0x/), "5"])
    expect(nodesOf(spec, "5")).toEqual(["/dev/kfd", "/dev/dri/card10", "/dev/dri/renderD137"])
    const whole = [
      "card9",
      "card10",
      "card11",
      "card12",
      "renderD136",
      "renderD137",
      "renderD138",
      "renderD139",
    ]
    expect(nodesOf(spec, "0000:26:00.0").toSorted()).toEqual(
      ["/dev/kfd", ...whole.map((name) => `/dev/dri/${name}`)].toSorted(),
    )
    expect(aliasesOf(spec, "0000:26:00.0")).toHaveLength(2)
  })

  test("an id that the parts share with the GPU, as older kernels tell it, names the whole", () => {
    const machine = vendorMachine({
      amd: ["mi300x:1:dpx"],
      change: (tree) => {
        rewrite(tree, "/sys/devices/pci0000:00/0000:05:00.0/unique_id", () => "00000000000000ab\n")
        for (const node of [1, 2])
          rewrite(tree, `/sys/devices/virtual/kfd/kfd/topology/nodes/${node}/properties`, (text) =>
            text.replace(/unique_id .*/, "unique_id 171"),
          )
      },
    })
    expect(aliasesOf(amdSpec(machine), "0xab")).toEqual(["0000:05:00.0", "0xab"])
  })

  test("an id of two GPUs names neither, and an id of 0 is none", () => {
    const machine = (id: string): Host =>
      vendorMachine({
        amd: ["w7900:2"],
        change: (tree) => {
          for (const [gpu, address] of ["0000:05:00.0", "0000:26:00.0"].entries()) {
            rewrite(tree, `/sys/devices/pci0000:00/${address}/unique_id`, () => `${id}\n`)
            const properties = `/sys/devices/virtual/kfd/kfd/topology/nodes/${gpu + 1}/properties`
            rewrite(tree, properties, (text) => text.replace(/unique_id .*/, "unique_id 0"))
          }
        },
      })
    const expected = ["0", "0000:05:00.0", "0000:26:00.0", "1", "all"]
    expect(namesOf(amdSpec(machine("00000000000000ab")))).toEqual(expected)
    expect(namesOf(amdSpec(machine("0000000000000000")))).toEqual(expected)
  })

  test("a GPU that cannot compute has no /dev/kfd, and `all` has it for the others", () => {
    const spec = amdSpec(
      vendorMachine({
        amd: ["w7900:2"],
        change: (tree) => remove(tree, "/sys/devices/virtual/kfd/kfd/topology/nodes/1"),
      }),
    )
    expect(nodesOf(spec, "0000:05:00.0")).toEqual(["/dev/dri/card1", "/dev/dri/renderD128"])
    expect(nodesOf(spec, "0000:26:00.0")).toContain("/dev/kfd")
    expect(nodesOf(spec, "all")).toContain("/dev/kfd")
  })
})

describe("Intel's specification", () => {
  test("names a GPU by index, PCI address and as Intel's resource driver does", () => {
    const spec = intelSpec(vendorMachine({ intel: ["uhd770", "flex170"] }))
    expect(spec.kind).toBe(intelKind)
    expect(aliasesOf(spec, "1")).toEqual(["0000-03-00-0-0x56c0", "0000:03:00.0", "1"])
    expect(spec.devices.find(({ name }) => name === "1")?.containerEdits.deviceNodes).toMatchObject([
      { path: "/dev/dri/card2", hostPath: "" },
      { path: "/dev/dri/renderD129", hostPath: "" },
      { path: "/dev/dri/by-path/pci-0000:03:00.0-card", hostPath: "/dev/dri/card2" },
      { path: "/dev/dri/by-path/pci-0000:03:00.0-render", hostPath: "/dev/dri/renderD129" },
    ])
  })

  test("a link of by-path that leads to another GPU's node gives this one's", () => {
    const spec = intelSpec(
      vendorMachine({
        intel: ["flex170:2"],
        change: (tree) => {
          tree["/dev/dri/by-path/pci-0000:03:00.0-render"] = { kind: "symlink", target: "../renderD129" }
        },
      }),
    )
    const nodes = spec.devices.find(({ name }) => name === "0")?.containerEdits.deviceNodes
    expect(nodes?.map(({ hostPath, path }) => hostPath || path)).not.toContain("/dev/dri/renderD129")
  })

  test("without udev's links there are none", () => {
    const spec = intelSpec(
      vendorMachine({ intel: ["a770"], change: (tree) => remove(tree, "/dev/dri/by-path") }),
    )
    expect(nodesOf(spec, "all")).toEqual(["/dev/dri/card1", "/dev/dri/renderD128"])
  })
})

describe.each([
  ["amd", { amd: ["mi300x:2:cpx", "w7900"] }, "0.7.0"],
  ["intel", { intel: ["uhd770", "flex170:3"] }, "0.7.0"],
] as const)("a specification of %s", (vendor, machine, version) => {
  test("gives the right to read and write, and leaves numbers, owners and modes to the machine", () => {
    const edits = editsWithPaths(generate[vendor](vendorMachine(machine)))
    expect(edits.flatMap(({ edits: one }) => one.deviceNodes).length).toBeGreaterThan(10)
    for (const { edits: one } of edits)
      for (const node of one.deviceNodes)
        expect(node).toMatchObject({
          permissions: "rw",
          type: "",
          major: 0,
          minor: 0,
          uid: undefined,
          gid: undefined,
          fileMode: undefined,
        })
  })

  test("has nothing but nodes and groups", () => {
    for (const { edits } of editsWithPaths(generate[vendor](vendorMachine(machine)))) {
      const { deviceNodes, additionalGids, ...rest } = edits
      expect(Object.values(rest).flat().filter(Boolean)).toEqual([])
      expect(additionalGids).toEqual(deviceNodes.length === 0 ? [] : [44, 105])
    }
  })

  test("is of the lowest version that can say it: engines that know no groups get none", () => {
    expect(generate[vendor](vendorMachine(machine)).cdiVersion).toBe(version)
    expect(generate[vendor](vendorMachine(machine), false).cdiVersion).toBe("0.5.0")
  })

  test("nodes that everybody may open, and nodes that no group may, need no group", () => {
    const withMode = (mode: number): Host =>
      vendorMachine({
        ...machine,
        change: (tree: Tree) => {
          for (const [path, entry] of Object.entries(tree))
            if (entry?.kind === "character") tree[path] = { ...entry, mode }
        },
      })
    for (const mode of [0o666, 0o600]) {
      const spec = generate[vendor](withMode(mode))
      expect(editsWithPaths(spec).flatMap(({ edits }) => edits.additionalGids)).toEqual([])
    }
  })

  test("is read back as it was, in both formats, without a warning", () => {
    const spec = generate[vendor](vendorMachine(machine))
    for (const format of ["yaml", "json"] as const) {
      const read = parseSpec({ path: `/x.${format}`, bytes: encodeUtf8(renderSpec(spec, format)) })
      if (!read.ok) throw new Error(JSON.stringify(read.fault))
      expect(read.value.spec).toEqual(spec)
      expect(read.value.warnings).toEqual([])
    }
  })

  test("is refused for a machine that has no usable GPU of the vendor", () => {
    const empty = createMemoryHost({})
    const made =
      vendor === "amd"
        ? generateAmdSpec(observeAmd(empty), { hasGroups: true })
        : generateIntelSpec(observeIntel(empty), { hasGroups: true })
    expect(made).toMatchObject({ ok: false, fault: { tag: "VendorGpuAbsent", data: { broken: [] } } })
    const undriven = vendorMachine({
      ...machine,
      change: (tree) => {
        for (const path of Object.keys(tree)) if (path.endsWith("/driver")) delete tree[path]
      },
    })
    const refused =
      vendor === "amd"
        ? generateAmdSpec(observeAmd(undriven), { hasGroups: true })
        : generateIntelSpec(observeIntel(undriven), { hasGroups: true })
    expect(refused).toMatchObject({ ok: false, fault: { tag: "VendorGpuAbsent" } })
    expect(refused.ok || refused.fault.tag !== "VendorGpuAbsent" || refused.fault.data.broken).not.toEqual([])
  })
})

describe("whatever a machine has and whatever is broken on it", () => {
  const counts = fc.integer({ min: 1, max: 2 })
  const amdOrders = fc.array(
    fc
      .tuple(fc.constantFrom(...amdModels), counts, fc.constantFrom(...Object.keys(partitionModes)))
      .map(([{ name, dies }, count, mode]) => `${name}:${count}:${dies === 1 ? "spx" : mode}`),
    { maxLength: 2 },
  )
  const intelOrders = fc
    .array(
      fc
        .tuple(fc.constantFrom(...intelModels.filter(({ isIntegrated }) => !isIntegrated)), counts)
        .map(([{ name }, count]) => `${name}:${count}`),
      { maxLength: 2 },
    )
    .chain((orders) => fc.constantFrom(orders, [...orders, "uhd770"]))
  const machines: fc.Arbitrary<VendorMachine> = fc.record({
    amd: amdOrders,
    intel: intelOrders,
    drmBefore: fc.nat({ max: 4 }),
  })
  const junk = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom(
      "",
      "0\n",
      "-1\n",
      "0x8086\n",
      "0x1002\n",
      "0x030000\n",
      `${"9".repeat(30)}\n`,
      "simd_count 4\n",
    ),
    fc
      .integer({ min: 126, max: 150 })
      .map((minor) => `simd_count 4\ndrm_render_minor ${minor}\nlocation_id 1280\ndomain 0\n`),
  )
  const damage = fc.array(
    fc.record({
      place: fc.nat(),
      kind: fc.constantFrom("remove", "junk", "loop", "other node", "copy"),
      text: junk,
      other: fc.nat(),
    }),
    { maxLength: 8 },
  )

  const damaged = (
    machine: VendorMachine,
    blows: readonly { place: number; kind: string; text: string; other: number }[],
  ): Host => {
    const tree = vendorTree(machine)
    for (const { place, kind, text, other } of blows) {
      const paths = Object.keys(tree)
      const path = paths[place % Math.max(paths.length, 1)]
      const second = paths[other % Math.max(paths.length, 1)]
      if (path === undefined || second === undefined) continue
      const entry = tree[second]
      if (kind === "remove") delete tree[path]
      else if (kind === "loop") tree[path] = { kind: "symlink", target: path }
      else if (kind === "other node") tree[path] = { kind: "character", major: 226, minor: 128 + (other % 8) }
      else if (kind === "copy" && entry !== undefined) tree[path] = entry
      else tree[path] = { kind: "file", content: text }
    }
    return createMemoryHost(tree)
  }

  test("no GPU's device has a node of another's, and every specification is valid", () => {
    let specs = 0
    const numRuns = propertyRuns(200)
    fc.assert(
      fc.property(machines, damage, (machine, blows) => {
        const host = damaged(machine, blows)
        const amd = observeAmd(host)
        const intel = observeIntel(host)
        const owners = new Map<string, string>()
        const made = [
          generateAmdSpec(amd, { hasGroups: true }),
          generateIntelSpec(intel, { hasGroups: true }),
        ]
        for (const [vendor, one] of made.entries()) {
          if (!one.ok) continue
          specs++
          const { spec } = one.value
          const read = parseSpec({ path: "/x.yaml", bytes: encodeUtf8(renderSpec(spec, "yaml")) })
          expect(read.ok || read.fault).toBe(true)
          const units = spec.devices.filter(({ name }) => /^\d+$/.test(name))
          expect(units.length).toBeGreaterThan(0)
          for (const { name, containerEdits } of units)
            for (const { path, hostPath } of containerEdits.deviceNodes) {
              const node = hostPath || path
              if (node === "/dev/kfd") continue
              const owner = `${vendor}:${name}`
              expect(owners.get(node) ?? owner).toBe(owner)
              owners.set(node, owner)
              const stat = host.lstat(node as never)
              const minor = Number(/\d+$/.exec(node)?.[0])
              expect(stat).toMatchObject({ ok: true, value: { kind: "character", major: 226, minor } })
            }
          // `all` is the others together.
          const whole = new Set(
            units.flatMap(({ containerEdits }) => containerEdits.deviceNodes.map(({ path }) => path)),
          )
          expect(new Set(nodesOf(spec, "all"))).toEqual(whole)
        }
        // Each that is on the bus is listed once, and each that is not whole has a finding.
        for (const { gpus, findings } of [amd, intel]) {
          expect(new Set(gpus.map(({ pciAddress }) => pciAddress)).size).toBe(gpus.length)
          if (gpus.some(({ state }) => state !== "usable")) expect(findings).not.toEqual([])
        }
      }),
      { numRuns },
    )
    expect(specs).toBeGreaterThan(numRuns / 2)
  })

  test("the order of names in sysfs gives the specification no order", () => {
    fc.assert(
      fc.property(machines, (machine) => {
        const host = vendorMachine(machine)
        const backwards: Host = {
          ...host,
          readDir(path) {
            const names = host.readDir(path)
            return names.ok ? { ...names, value: names.value.toReversed() } : names
          },
        }
        expect(observeIntel(backwards).gpus).toEqual(observeIntel(host).gpus)
        expect(observeAmd(backwards).gpus).toEqual(observeAmd(host).gpus)
      }),
      { numRuns: propertyRuns(50) },
    )
  })
})
