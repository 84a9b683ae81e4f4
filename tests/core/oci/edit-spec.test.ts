import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { editSpec, type SpecEdits } from "../../../src/core/oci/edit-spec.ts"
import { type JsonDocument, parseJsonValue } from "../../../src/core/oci/json.ts"

const nothing: SpecEdits = {
  devices: [],
  deviceRules: [],
  mounts: [],
  env: [],
  additionalGids: [],
  createContainerHooks: [],
  prestartHooksGone: [],
}

function documentOf(text: string): JsonDocument {
  const parsed = parseJsonValue(text, "OCI spec")
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault))
  return { text, value: parsed.value }
}

function edited(text: string, edits: Partial<SpecEdits>): string {
  const result = editSpec(documentOf(text), { ...nothing, ...edits })
  if (!result.ok) throw new Error(JSON.stringify(result.fault))
  return result.value
}

const faultOf = (text: string, edits: Partial<SpecEdits>): string => {
  const result = editSpec(documentOf(text), { ...nothing, ...edits })
  return result.ok ? "none" : result.fault.tag
}

const device = { path: "/dev/nvidia0", major: 195, minor: 0, fileMode: 438, uid: 0, gid: 0 }
const bind = { source: "/usr/bin/nvidia-smi", destination: "/usr/bin/nvidia-smi", options: ["ro", "nosuid"] }
const everything: SpecEdits = {
  devices: [device],
  deviceRules: [{ major: 195, minor: 0, access: "rwm" }],
  mounts: [bind],
  env: [{ name: "NVIDIA_VISIBLE_DEVICES", value: "void" }],
  additionalGids: [44],
  createContainerHooks: [{ path: "/x", args: ["x", "y"], env: ["A=b"] }],
  prestartHooksGone: ["nvidia-container-runtime-hook"],
}

describe("edits of config.json", () => {
  test.each<[what: string, before: string, edits: Partial<SpecEdits>, after: string]>([
    [
      "a variable behind others",
      '{"process":{"env":["A=b"]}}',
      { env: everything.env },
      '{"process":{"env":["A=b","NVIDIA_VISIBLE_DEVICES=void"]}}',
    ],
    [
      "a variable where it stands, as often as it stands",
      '{"process":{"env":["NVIDIA_VISIBLE_DEVICES=0", "A=b" ,"NVIDIA_VISIBLE_DEVICES=1"]}}',
      { env: everything.env },
      '{"process":{"env":["NVIDIA_VISIBLE_DEVICES=void", "A=b" ,"NVIDIA_VISIBLE_DEVICES=void"]}}',
    ],
    [
      "an empty list",
      '{"mounts":[ ]}',
      { mounts: [bind] },
      `{"mounts":[${JSON.stringify({ destination: bind.destination, type: "bind", source: bind.source, options: ["ro", "nosuid"] })} ]}`,
    ],
    [
      "a list that is null",
      '{"linux":{"devices":null}}',
      { devices: [device] },
      '{"linux":{"devices":[{"path":"/dev/nvidia0","type":"c","major":195,"minor":0,"fileMode":438,"uid":0,"gid":0}]}}',
    ],
    [
      "what is not there at all",
      "{ }",
      { additionalGids: [44, 105] },
      '{"process":{"user":{"additionalGids":[44,105]}} }',
    ],
    [
      "a group that is there already",
      '{"process":{"user":{"additionalGids":[1,44]}}}',
      { additionalGids: [44, 105] },
      '{"process":{"user":{"additionalGids":[1,44,105]}}}',
    ],
    [
      "another tool's hook goes, others stay as they are",
      '{"hooks":{"prestart":[{"path":"/a","timeout":1e0},{"path":"/usr/bin/nvidia-container-runtime-hook"}]}}',
      { prestartHooksGone: ["nvidia-container-runtime-hook"] },
      '{"hooks":{"prestart":[{"path":"/a","timeout":1e0}]}}',
    ],
    [
      "a mount at the same place gives way, however it is written",
      '{"mounts":[{"destination":"/usr//bin/./nvidia-smi"},{"destination":"/x"}]}',
      { mounts: [{ ...bind, options: [] }] },
      '{"mounts":[{"destination":"/x"},{"destination":"/usr/bin/nvidia-smi","type":"bind","source":"/usr/bin/nvidia-smi","options":[]}]}',
    ],
    [
      "keys in another case",
      '{"PROCESS":{"Env":[]}}',
      { env: [{ name: "A", value: "" }] },
      '{"PROCESS":{"Env":["A="]}}',
    ],
    [
      "a hook",
      "{}",
      { createContainerHooks: everything.createContainerHooks },
      '{"hooks":{"createContainer":[{"path":"/x","args":["x","y"],"env":["A=b"]}]}}',
    ],
    [
      "a rule",
      '{"linux":{"resources":{"devices":[{"allow":false}]}}}',
      { deviceRules: everything.deviceRules },
      '{"linux":{"resources":{"devices":[{"allow":false},{"allow":true,"type":"c","major":195,"minor":0,"access":"rwm"}]}}}',
    ],
  ])("%s", (_, before, edits, after) => {
    expect(edited(before, edits)).toBe(after)
  })

  test("what nobody asked about stays: large numbers, order, repeated unknown keys, what follows", () => {
    const text =
      ' {"z":18446744073709551615,"1":1.0e5,"__proto__":{},"y":1,"y":2,"process":{"env":[]}}\n trailing'
    expect(edited(text, nothing)).toBe(text)
    const after = edited(text, { env: [{ name: "A", value: "b" }] })
    expect(after).toBe(text.replace('"env":[]', '"env":["A=b"]'))
  })

  test.each<[what: string, text: string, tag: string]>([
    ["no object", "[]", "JsonTypeWrong"],
    ["a list that is none", '{"process":{"env":{}}}', "JsonTypeWrong"],
    ["process twice", '{"process":{},"process":{}}', "SpecKeyRepeated"],
    ["in two spellings", '{"mounts":[],"Mounts":[]}', "SpecKeyRepeated"],
    ["with the long s, which Go takes for an s", '{"mounts":[],"mount\u017f":[]}', "SpecKeyRepeated"],
    ["with the sign of kelvin, which Go takes for a k", '{"hooks":{},"hoo\u212as":{}}', "SpecKeyRepeated"],
  ])("%s is refused", (_, text, tag) => {
    expect(faultOf(text, everything)).toBe(tag)
  })

  test("whatever the specification, the edits are in it and nothing else has changed", () => {
    const name = fc.constantFrom("process", "mounts", "linux", "hooks", "root", "annotations", "x")
    const inner = fc.dictionary(
      fc.constantFrom("env", "user", "devices", "resources", "prestart", "createContainer", "y"),
      fc.oneof(fc.constant([]), fc.constant(null)),
    )
    const spec = fc.uniqueArray(fc.tuple(name, inner), { selector: ([key]) => key }).map((members) =>
      Object.fromEntries(
        members.map(([key, value]) => [
          key,
          key === "mounts"
            ? []
            : {
                ...value,
                ...("user" in value ? { user: {} } : {}),
                ...("resources" in value ? { resources: {} } : {}),
              },
        ]),
      ),
    )
    fc.assert(
      fc.property(spec, fc.constantFrom(0, 2), (before, indent) => {
        const after = JSON.parse(edited(JSON.stringify(before, null, indent), everything))
        expect(after.process.env).toContain("NVIDIA_VISIBLE_DEVICES=void")
        expect(after.process.user.additionalGids).toEqual([44])
        expect(after.mounts.at(-1).destination).toBe(bind.destination)
        expect(after.linux.devices.at(-1).path).toBe("/dev/nvidia0")
        expect(after.linux.resources.devices.at(-1)).toEqual({
          allow: true,
          type: "c",
          major: 195,
          minor: 0,
          access: "rwm",
        })
        expect(after.hooks.createContainer).toHaveLength(1)
        for (const key of ["root", "annotations", "x"]) expect(after[key]).toEqual(before[key])
      }),
    )
  })

  test("twice is as good as once, but for hooks and rules", () => {
    const once = edited("{}", { ...everything, createContainerHooks: [], deviceRules: [] })
    expect(edited(once, { ...everything, createContainerHooks: [], deviceRules: [] })).toBe(once)
  })
})
