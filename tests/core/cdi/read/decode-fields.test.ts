import { describe, expect, test } from "bun:test"
import { parseSpec } from "../../../../src/core/cdi/read/parse-spec.ts"
import { noEdits } from "../../../../src/core/cdi/spec.ts"
import { bytesOf } from "../spec-vectors.ts"

const rest = "cdiVersion: 1.1.0\nkind: v.com/c\ndevices: [{name: a, containerEdits: {env: [A=b]}}]\n"
const parse = (text: string) => parseSpec({ path: "x.yaml", bytes: bytesOf(text) })

test("null says as little as what is left out", () => {
  const written = parse(`annotations: ~
cdiVersion: 1.1.0
kind: v.com/c
devices:
- name: a
  annotations: ~
  containerEdits:
    env: ~
    deviceNodes:
    - {path: /a, hostPath: ~, type: ~, major: ~, minor: ~, fileMode: ~, permissions: ~, uid: ~, gid: ~}
    netDevices: ~
    hooks: [{hookName: poststop, path: /h, args: ~, env: ~, timeout: ~}]
    mounts: [{hostPath: /a, containerPath: /b, options: ~, type: ~}]
    intelRdt: {closID: ~, l3CacheSchema: ~, memBwSchema: ~, schemata: ~, enableMonitoring: ~}
    additionalGids: ~
- name: b
  containerEdits: {env: [A=b], intelRdt: ~}
containerEdits: ~
`)
  const left = parse(`cdiVersion: 1.1.0
kind: v.com/c
devices:
- name: a
  containerEdits:
    deviceNodes: [{path: /a}]
    hooks: [{hookName: poststop, path: /h}]
    mounts: [{hostPath: /a, containerPath: /b}]
    intelRdt: {}
- name: b
  containerEdits: {env: [A=b]}
`)
  const spec = {
    cdiVersion: "1.1.0",
    kind: "v.com/c",
    annotations: new Map(),
    containerEdits: noEdits,
    devices: [
      {
        name: "a",
        annotations: new Map(),
        containerEdits: {
          env: [],
          netDevices: [],
          additionalGids: [],
          deviceNodes: [
            {
              path: "/a",
              hostPath: "",
              type: "",
              major: 0,
              minor: 0,
              permissions: "",
              fileMode: undefined,
              uid: undefined,
              gid: undefined,
            },
          ],
          hooks: [{ hookName: "poststop", path: "/h", args: [], env: [], timeout: undefined }],
          mounts: [{ hostPath: "/a", containerPath: "/b", options: [], type: "" }],
          intelRdt: {
            closID: "",
            l3CacheSchema: "",
            memBwSchema: "",
            schemata: undefined,
            enableMonitoring: false,
          },
        },
      },
      { name: "b", annotations: new Map(), containerEdits: { ...noEdits, env: ["A=b"] } },
    ],
  }
  for (const read of [written, left]) expect(read.ok && read.value.spec).toStrictEqual(spec)
})

describe("a value of another type is told, with what it is and what belongs there", () => {
  const int64 = `a whole number from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`
  const uint32 = "a whole number from 0 to 4294967295"

  test.each<[text: string, path: string, found: string, expected: string]>([
    ["annotations: [a]", "annotations", "a list", "an object of strings"],
    ["annotations: {a: {b: c}}", "annotations.a", "an object", "a string"],
    ["containerEdits: [a]", "containerEdits", "a list", "an object"],
    ["containerEdits: {env: A=b}", "containerEdits.env", "a string", "a list"],
    ["containerEdits: {env: [[A=b]]}", "containerEdits.env[0]", "a list", "a string"],
    ["containerEdits: {mounts: [~]}", "containerEdits.mounts[0]", "null", "an object"],
    ["containerEdits: {additionalGids: [-1]}", "containerEdits.additionalGids[0]", "number -1", uint32],
    [
      "containerEdits: {additionalGids: [4294967296]}",
      "containerEdits.additionalGids[0]",
      "number 4294967296",
      uint32,
    ],
    [
      "containerEdits: {deviceNodes: [{path: /a, major: 1.5}]}",
      "containerEdits.deviceNodes[0].major",
      "number 1.5",
      int64,
    ],
    ["containerEdits: {hooks: [{timeout: yes}]}", "containerEdits.hooks[0].timeout", "true", int64],
    [
      "containerEdits: {intelRdt: {enableMonitoring: 1}}",
      "containerEdits.intelRdt.enableMonitoring",
      "number 1",
      "true or false",
    ],
  ])("%s", (text, path, found, expected) => {
    const read = parse(`${rest}${text}\n`)
    expect(read.ok ? [] : read.fault).toMatchObject([
      { tag: "CdiTypeWrong", data: { place: { path, line: 4 }, found, expected } },
    ])
  })
})
