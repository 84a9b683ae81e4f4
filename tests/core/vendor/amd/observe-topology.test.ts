import { describe, expect, test } from "bun:test"
import type { Finding } from "../../../../src/core/fault/finding.ts"
import {
  formatUniqueId,
  observeTopology,
  type TopologyNode,
} from "../../../../src/core/vendor/amd/observe-topology.ts"
import { createMemoryHost } from "../../../../src/host/memory.ts"

const directory = "/sys/class/kfd/kfd/topology/nodes"

/** Properties by the number of their node. */
function observe(nodes: Readonly<Record<string, string>>) {
  const findings: Finding[] = []
  const tree = Object.entries(nodes).map(([number, content]) => [
    `${directory}/${number}/properties`,
    { kind: "file" as const, content },
  ])
  const found = observeTopology(createMemoryHost(Object.fromEntries(tree)), findings)
  return { found, told: findings.map(({ evidence }) => evidence.join()) }
}

const gpu = (more = ""): string => `simd_count 304\ndrm_render_minor 128\nlocation_id 1280\ndomain 0\n${more}`
const only = (properties: string): TopologyNode | undefined => observe({ "1": properties }).found.get(128)

describe("a node of the compute driver's topology", () => {
  test("of a GPU is found by its render minor", () => {
    const { found, told } = observe({ "1": gpu() })
    expect([...found.keys()]).toEqual([128])
    expect(found.get(128)).toMatchObject({ number: 1, pciDevice: "0000:05:00" })
    expect(told).toEqual([])
  })

  test("of a processor is no device, and nothing is wrong with it", () => {
    for (const processor of [
      "cpu_cores_count 96\nsimd_count 0\n",
      "cpu_cores_count 96\nsimd_count 0\ndrm_render_minor 0\n",
    ])
      expect(observe({ "0": processor })).toEqual({ found: new Map(), told: [] })
  })

  test("of both in one, which is the first, is a device", () =>
    expect(observe({ "0": gpu("cpu_cores_count 16\n") }).found.get(128)).toMatchObject({ number: 0 }))

  test.each([
    ["(5 << 8)", 5 << 8, 0, "0000:05:00"],
    ["the last of all places", 0xffff, 0xffff, "ffff:ff:1f"],
    ["every other bit", (0xaa << 8) | (0x15 << 3), 1, "0001:aa:15"],
    ["a part's number in the lowest bits", (5 << 8) | 7, 0, "0000:05:00"],
    ["a part's number in the highest bits", (7 * 2 ** 28) | (5 << 8), 0, "0000:05:00"],
    ["a domain behind a controller that makes its own", 5 << 8, 0x10000, "10000:05:00"],
  ])("lies at bus and device of its location: %s", (_what, location, domain, place) =>
    expect(
      only(`simd_count 1\ndrm_render_minor 128\nlocation_id ${location}\ndomain ${domain}\n`)?.pciDevice,
    ).toBe(place),
  )

  test.each([
    [90_402, "9.4.2"],
    [110_003, "11.0.3"],
    [120_001, "12.0.1"],
    [100_302, "10.3.2"],
  ])("has its architecture as the driver packs it: %d is %s", (packed, architecture) =>
    expect(only(gpu(`gfx_target_version ${packed}\n`))?.architecture?.value).toBe(architecture),
  )

  test("has none where the driver tells none", () => {
    expect(only(gpu())?.architecture).toBeUndefined()
    expect(only(gpu("gfx_target_version 0\n"))?.architecture).toBeUndefined()
  })

  test("says each thing once: the first counts", () =>
    expect(only(gpu("domain 3\nunique_id 1\nunique_id 2\n"))).toMatchObject({
      pciDevice: "0000:05:00",
      uniqueId: { value: "0x1" },
    }))

  test.each([
    ["a device without a render minor", "simd_count 304\n", "no drm_render_minor"],
    [
      "one without a place",
      "simd_count 304\ndrm_render_minor 128\nlocation_id 1280\n",
      "no location_id and domain",
    ],
  ])("%s is none, and told of", (_what, properties, problem) =>
    expect(observe({ "1": properties })).toEqual({
      found: new Map(),
      told: [`${directory}/1/properties: ${problem}`],
    }),
  )

  test("of two with one render minor the first by number has it, and the other is told of", () => {
    const { found, told } = observe({ "10": gpu(), "2": gpu() })
    expect(found.get(128)?.number).toBe(2)
    expect(told).toEqual([`${directory}/10/properties: its render minor is node 2's too`])
  })
})

test.each([
  ["18446744073709551615", "0xffffffffffffffff"],
  ["171", "0xab"],
  ["0xAB", "0xab"],
  ["0x00ab", "0xab"],
  ["0", undefined],
  ["0x0", undefined],
  ["18446744073709551616", undefined],
  ["0x10000000000000000", undefined],
  ["ab", undefined],
  ["-1", undefined],
  ["", undefined],
])("a unique id that is written %p: %p", (written, id) => expect(formatUniqueId(written)).toBe(id))
