import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { type ApplyOptions, applyEdits } from "../../../../src/core/cdi/edits/apply-edits.ts"
import type { HostNode } from "../../../../src/core/cdi/edits/complete-node.ts"
import { mergeEdits } from "../../../../src/core/cdi/edits/merge-edits.ts"
import { parseSpec } from "../../../../src/core/cdi/read/parse-spec.ts"
import { type ContainerEdits, noEdits } from "../../../../src/core/cdi/spec.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"
import rows from "../../../vectors/cdi/edits.json"
import { arbitraryEdits } from "../arbitrary-spec.ts"
import { bytesOf } from "../spec-vectors.ts"

interface Row {
  readonly name: string
  readonly given: {
    readonly oci: unknown
    readonly edits: unknown
    readonly host?: Readonly<Record<string, HostNode>>
    readonly bindOwners?: "mapped"
  }
  readonly expect?: unknown
  readonly fault?: string
}

const plain: ApplyOptions = { findHostNode: () => undefined, bindOwners: "kept", hookEnvironment: [] }

function editsOf(raw: unknown): ContainerEdits {
  const spec = { cdiVersion: "1.1.0", kind: "v/c", devices: [{ name: "a", containerEdits: raw }] }
  const parsed = parseSpec({ path: "x.json", bytes: bytesOf(JSON.stringify(spec)) })
  if (!parsed.ok) throw new Error(parsed.fault.map(renderFaultLine).join("\n"))
  return parsed.value.spec.devices[0]?.containerEdits ?? noEdits
}

function applied(text: string, edits: ContainerEdits, options = plain): string {
  const result = applyEdits(text, edits, options)
  if (!result.ok) throw new Error(renderFaultLine(result.fault))
  return result.value
}

describe("edits of a container", () => {
  test.each((rows as readonly Row[]).map((row) => [row.name, row] as const))("%s", (_, row) => {
    const { oci, edits, host = {}, bindOwners = "kept" } = row.given
    const findHostNode = (path: string): HostNode | undefined => new Map(Object.entries(host)).get(path)
    const result = applyEdits(JSON.stringify(oci), editsOf(edits), { ...plain, findHostNode, bindOwners })
    if (row.fault === undefined) expect(JSON.parse(result.ok ? result.value : "{}")).toEqual(row.expect)
    else expect(result.ok ? "none" : (result.fault.tag as string)).toBe(row.fault)
  })

  const untouched =
    '{ "a" : 1e3,\n "process": {"env": ["A=1" , "B=2"], "env2": []},"mounts":[ {"destination":"/a"} ] ,"z":[1.0,{"a":1,"a":2}]}'

  test("what no edit concerns keeps its bytes", () => {
    expect(applied(untouched, noEdits)).toBe(untouched)
    expect(applied(untouched, { ...noEdits, env: ["B=3", "C=4"] })).toBe(
      untouched.replace('"B=2"', '"B=3","C=4"'),
    )
    const mount = { hostPath: "/h", containerPath: "/c", options: [], type: "" }
    expect(applied(untouched, { ...noEdits, mounts: [mount] })).toBe(
      untouched.replace('{"destination":"/a"}', '{"destination":"/a"},{"destination":"/c","source":"/h"}'),
    )
  })

  test("a hook without variables gets those that it is given, and one with its own keeps them", () => {
    const hook = { hookName: "poststop", path: "/h", args: [], timeout: undefined }
    const edits = {
      ...noEdits,
      hooks: [
        { ...hook, env: [] },
        { ...hook, env: ["A=b"] },
      ],
    }
    expect(JSON.parse(applied("{}", edits, { ...plain, hookEnvironment: ["PATH=/bin"] }))).toEqual({
      hooks: {
        poststop: [
          { path: "/h", env: ["PATH=/bin"] },
          { path: "/h", env: ["A=b"] },
        ],
      },
    })
  })

  test.each([
    ["mounts that are no list", '{"mounts":{}}', "JsonTypeWrong"],
    [
      "a namespace whose type is no text",
      '{"linux":{"namespaces":[{"type":"user"},{"type":5}]}}',
      "JsonTypeWrong",
    ],
    ["a field that stands twice", '{"process":{},"Process":{}}', "SpecKeyRepeated"],
    ["what is no JSON", "{", "JsonInvalid"],
  ])("%s: a fault", (_, text, tag) => {
    const mount = { hostPath: "/h", containerPath: "/c", options: [], type: "" }
    const result = applyEdits(text, { ...noEdits, env: ["A=b"], mounts: [mount] }, plain)
    expect(result.ok ? "none" : (result.fault.tag as string)).toBe(tag)
  })

  test("a node is given to no user whose number is none, which runtimes refuse", () => {
    const node = { path: "/dev/a", hostPath: "", type: "u", major: 195, minor: 1, permissions: "" }
    const open = { fileMode: undefined, uid: undefined, gid: undefined }
    const text = '{"process":{"user":{"uid":-1,"gid":1.5}}}'
    expect(JSON.parse(applied(text, { ...noEdits, deviceNodes: [{ ...node, ...open }] }))).toEqual({
      ...JSON.parse(text),
      linux: { devices: [{ path: "/dev/a", type: "u", major: 195, minor: 1 }] },
    })
  })

  test("a wrong type is told with its place, and what is no JSON by what it is", () => {
    const broken = applyEdits("{", noEdits, plain)
    expect(broken.ok ? "" : renderFaultLine(broken.fault)).toContain("OCI spec")
    const result = applyEdits('{"process":{"user":[]}}', noEdits, plain)
    expect(result.ok ? {} : result.fault.data).toMatchObject({ path: "process.user" })
  })

  const findHostNode = (): HostNode => ({ type: "c", major: 1, minor: 3, fileMode: 438 })

  test("edits applied in two steps give what they give merged, and the whole stays JSON", () => {
    fc.assert(
      fc.property(arbitraryEdits, arbitraryEdits, (one, other) => {
        const options = { ...plain, findHostNode }
        const step = applyEdits('{"ociVersion":"1.0.2"}', one, options)
        const once = applyEdits('{"ociVersion":"1.0.2"}', mergeEdits([one, other]), options)
        if (!step.ok) return expect(once).toEqual(step)
        const twice = applyEdits(step.value, other, options)
        expect(twice.ok).toBe(once.ok)
        if (!twice.ok || !once.ok) return
        expect(JSON.parse(twice.value)).toEqual(JSON.parse(once.value))
      }),
    )
  })
})
