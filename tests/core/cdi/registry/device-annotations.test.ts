import { describe, expect, test } from "bun:test"
import {
  annotateDevices,
  parseDeviceAnnotations,
  renderAnnotationKey,
} from "../../../../src/core/cdi/registry/device-annotations.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"

describe("annotations that ask for devices", () => {
  test.each<[what: string, annotations: Readonly<Record<string, string>>, devices: readonly string[]]>([
    ["none", {}, []],
    ["one of nobody", { "cdi.k8s.iox/a": "x", other: "y" }, []],
    ["one device", { "cdi.k8s.io/v.c_1": "v/c=0" }, ["v/c=0"]],
    [
      "several, in order of their keys",
      { "cdi.k8s.io/b": "v/c=2,v/c=1", "cdi.k8s.io/a": "v/c=0" },
      ["v/c=0", "v/c=2", "v/c=1"],
    ],
    ["one device twice", { "cdi.k8s.io/a": "v/c=0,v/c=0" }, ["v/c=0", "v/c=0"]],
    ["a key that is nothing but the prefix", { "cdi.k8s.io/": "v/c=0" }, ["v/c=0"]],
  ])("taken: %s", (_, annotations, devices) => {
    const parsed = parseDeviceAnnotations(new Map(Object.entries(annotations)))
    const keys = Object.keys(annotations).filter((key) => key.startsWith("cdi.k8s.io/"))
    expect(parsed.ok ? parsed.value : "refused").toEqual({ keys: keys.sort(), devices })
  })

  test.each([
    ["no name", "0"],
    ["an empty value", ""],
    ["a blank behind a comma", "v/c=0, v/c=1"],
    ["a comma too many", "v/c=0,"],
    ["one that is none among others", "v/c=0,x"],
  ])("refused: %s", (_, value) => {
    const parsed = parseDeviceAnnotations(new Map([["cdi.k8s.io/a", value]]))
    expect(parsed.ok ? "taken" : parsed.fault.tag).toBe("CdiAnnotationInvalid")
  })

  test("the refusal names the annotation and the entry", () => {
    const parsed = parseDeviceAnnotations(new Map([["cdi.k8s.io/a", "gpu0"]]))
    expect(parsed.ok ? "" : renderFaultLine(parsed.fault)).toBe(
      'invalid CDI device name "gpu0" in annotation "cdi.k8s.io/a": not a qualified name: unqualified device "gpu0", missing vendor [GAN4045]: the annotation holds qualified names with commas between them and no blanks',
    )
  })

  test.each<[plugin: string, id: string, key: string | undefined]>([
    ["v.c", "1", "cdi.k8s.io/v.c_1"],
    ["v.c", "a/b/c", "cdi.k8s.io/v.c_a_b_c"],
    ["v", "1-2.3", "cdi.k8s.io/v_1-2.3"],
    ["v".repeat(31), "1".repeat(31), `cdi.k8s.io/${"v".repeat(31)}_${"1".repeat(31)}`],
    ["v".repeat(32), "1".repeat(31), undefined],
    ["", "1", undefined],
    ["v", "", undefined],
    ["_v", "1", undefined],
    ["v", "1-", undefined],
    ["v", "a/", undefined],
    ["v", "a b", undefined],
    ["v", "é1", undefined],
  ])("plugin %p, id %p: %p", (plugin, id, key) => {
    const made = renderAnnotationKey(plugin, id)
    expect(made.ok ? made.value : made.fault.tag).toBe(key ?? "CdiAnnotationUnusable")
  })

  test.each([
    ["", "1", "invalid plugin name, empty"],
    ["v", "", "invalid deviceID, empty"],
    [
      "v".repeat(32),
      "1".repeat(31),
      `invalid plugin+deviceID "${"v".repeat(32)}_${"1".repeat(31)}", too long`,
    ],
    ["_v", "1", 'invalid name "_v_1", the first should be alphanumeric'],
    ["v", "a/", 'invalid name "v_a_", the last should be alphanumeric'],
    ["v", "\u{1f600}1", "invalid name \"v_\u{1f600}1\", invalid character '\u{1f600}'"],
  ])("plugin %p, id %p: why no key is made", (plugin, id, problem) => {
    const made = renderAnnotationKey(plugin, id)
    expect(made.ok ? {} : made.fault.data).toEqual({ problem })
  })

  test("a request is added, a key is used once, and only qualified names are asked for", () => {
    const request = { plugin: "v.c", id: "1", devices: ["v/c=0", "v/c=1"] }
    const before = new Map([["a", "b"]])
    const after = annotateDevices(before, request)
    if (!after.ok) throw new Error(renderFaultLine(after.fault))
    expect([...after.value]).toEqual([
      ["a", "b"],
      ["cdi.k8s.io/v.c_1", "v/c=0,v/c=1"],
    ])
    expect(before.size).toBe(1)
    const again = annotateDevices(after.value, request)
    expect(again.ok ? "" : renderFaultLine(again.fault)).toStartWith(
      'CDI annotation failed: key "cdi.k8s.io/v.c_1" used [GAN4046]',
    )
    const bad = annotateDevices(before, { ...request, devices: ["0"] })
    expect(bad.ok ? "" : bad.fault.tag).toBe("CdiNameInvalid")
    const unusable = annotateDevices(before, { ...request, id: "" })
    expect(unusable.ok ? "" : unusable.fault.tag).toBe("CdiAnnotationUnusable")
  })
})
