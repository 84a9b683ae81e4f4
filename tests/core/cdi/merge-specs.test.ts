import { describe, expect, test } from "bun:test"
import { mergeSpecs } from "../../../src/core/cdi/merge-specs.ts"
import { type CdiSpec, noEdits } from "../../../src/core/cdi/spec.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"

const spec: CdiSpec = {
  cdiVersion: "0.5.0",
  kind: "v/c",
  annotations: new Map(),
  devices: [{ name: "a", annotations: new Map(), containerEdits: { ...noEdits, env: ["A=1"] } }],
  containerEdits: noEdits,
}

describe("several specifications as one", () => {
  const other = { ...spec, devices: spec.devices.map((device) => ({ ...device, name: "0" })) }

  test("all devices, in the lowest version", () => {
    const merged = mergeSpecs([spec, { ...other, containerEdits: { ...noEdits, additionalGids: [1] } }])
    expect(
      merged.ok ? [merged.value.cdiVersion, ...merged.value.devices.map(({ name }) => name)] : [],
    ).toEqual(["0.7.0", "a", "0"])
  })

  test("annotations of all, of which the last of a name counts", () => {
    const annotated = (...annotations: readonly [string, string][]) => new Map(annotations)
    const merged = mergeSpecs([
      { ...spec, annotations: annotated(["a", "1"], ["b", "1"]) },
      { ...other, annotations: annotated(["b", "2"]) },
    ])
    expect(merged.ok ? [...merged.value.annotations] : []).toEqual([
      ["a", "1"],
      ["b", "2"],
    ])
  })

  test.each([
    ["devices of one name", spec, 'both have a device "a"'],
    ["two kinds", { ...other, kind: "v/d" }, 'their kinds are "v/c" and "v/d"'],
  ])("%s: refused", (_, second, problem) => {
    const merged = mergeSpecs([spec, second])
    expect(merged.ok ? "" : renderFaultLine(merged.fault)).toStartWith(
      `the specifications cannot be made one: ${problem} [GAN4047]`,
    )
  })
})

test("specifications that cannot stand in one file for their network interfaces: refused", () => {
  const netDevices = [{ hostInterfaceName: "eth1", name: "rdma0" }]
  const one: CdiSpec = { ...spec, containerEdits: { ...noEdits, netDevices } }
  const other = { ...one, devices: spec.devices.map((device) => ({ ...device, name: "0" })) }
  const merged = mergeSpecs([one, other])
  expect(merged.ok ? "" : renderFaultLine(merged.fault)).toStartWith(
    'the merged specification: containerEdits.netDevices[1]: invalid linux net device, duplicate HostInterfaceName "eth1"',
  )
})
