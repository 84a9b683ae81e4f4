import { describe, expect, test } from "bun:test"
import {
  type ParsedSpec,
  parseAdditions,
  parseSpec,
  parseUnversioned,
} from "../../../../src/core/cdi/read/parse-spec.ts"
import { renderSpec } from "../../../../src/core/cdi/render-spec.ts"
import { minimumVersion } from "../../../../src/core/cdi/rules/version.ts"
import type { Fault } from "../../../../src/core/fault/fault.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"
import { encodeUtf8 } from "../../../../src/core/text/utf8.ts"
import { bytesOf, specRows, textOf } from "../spec-vectors.ts"

const parse = (text: string, path = "/etc/cdi/x.yaml") => parseSpec({ path, bytes: bytesOf(text) })

function parsed(text: string, path?: string): ParsedSpec {
  const result = parse(text, path)
  if (!result.ok) throw new Error(result.fault.map(renderFaultLine).join("\n"))
  return result.value
}

function faultsOf(text: string | Uint8Array, path = "/etc/cdi/x.yaml"): readonly Fault[] {
  const result = parseSpec({ path, bytes: typeof text === "string" ? bytesOf(text) : text })
  return result.ok ? [] : result.fault
}

const accepted = specRows.filter(({ fault }) => fault === undefined)
const refused = specRows.filter(({ fault }) => fault !== undefined)

describe("specifications", () => {
  test("both tables have rows, and every refused one its reason", () => {
    expect(accepted.length).toBeGreaterThan(120)
    expect(refused.length).toBeGreaterThan(120)
    expect(refused.filter(({ why }) => why === undefined)).toEqual([])
    expect(new Set(specRows.map(({ name }) => name)).size).toBe(specRows.length)
  })

  test.each(accepted.map((row) => [row.name, row] as const))("taken: %s", (_, row) => {
    const { spec, warnings } = parsed(textOf(row))
    expect(
      warnings.map(({ fault: { data } }) => `${data.place.line}:${data.place.column}: ${data.problem}`),
    ).toEqual([...(row.warnings ?? [])])
    if (row.minimum !== undefined) expect<string>(minimumVersion(spec).version).toBe(row.minimum)
    if (row.device !== undefined) expect(spec.devices[0]?.name).toBe(row.device)
    for (const format of ["json", "yaml"] as const)
      expect(parsed(renderSpec(spec, format), `x.${format}`).spec).toEqual(spec)
  })

  test.each(refused.map((row) => [row.name, row] as const))("refused: %s", (_, row) => {
    const wanted = typeof row.fault === "string" ? [row.fault] : (row.fault ?? [])
    expect(faultsOf(textOf(row)).map(({ tag }) => tag as string)).toEqual([...wanted])
  })
})

describe("places", () => {
  const text = `cdiVersion: 0.4.0
kind: vendor.com/class
devices:
  - name: "0"
    containerEdits:
      mounts:
        - hostPath: /a
      mounst: [A=b]
`
  test.each<[what: string, text: string, lines: readonly string[]]>([
    [
      "an unknown field stands where its name stands, and the name that is meant is told",
      text,
      [
        '/etc/cdi/x.yaml:8:7: unknown field "mounst" in devices[0].containerEdits [GAN4004]: did you mean mounts? engines refuse the whole file for an unknown field',
      ],
    ],
    [
      "rules are told in the order in which the reference judges",
      text.replace("mounst", "env"),
      [
        '/etc/cdi/x.yaml:1:13: the spec version must be at least v0.5.0, and is "0.4.0": a device\'s name that begins with a digit on line 4 [GAN4011]: set cdiVersion to 0.5.0, or leave out what needs it',
        "/etc/cdi/x.yaml:7:11: invalid mount, empty container path [GAN4023]: a mount has a hostPath and a containerPath",
      ],
    ],
    [
      "what is no YAML",
      "a: [\n",
      [
        "/etc/cdi/x.yaml:2:1: failed to unmarshal CDI Spec: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ] [GAN4001]: correct the text there; gantry cdi validate FILE checks it",
      ],
    ],
  ])("%s", (_, given, lines) => expect(faultsOf(given).map(renderFaultLine)).toEqual([...lines]))

  test("what is told of a field that is written in other letters stands where that stands", () => {
    const faults = faultsOf(text.replace("containerEdits", "ContainerEDITS").replace("mounst", "env"))
    expect(
      faults.map(({ data }) => "place" in data && typeof data.place === "object" && data.place.line),
    ).toEqual([1, 7])
  })

  // Devices first, as Go's maps have them, and each edits before its name.
  const backwards = `annotations:
  "a b": ""
devices:
  - containerEdits:
      deviceNodes:
        - path: dev/a
          major: 0
      hooks:
        - {hookName: createRuntime, path: bin/h, Args: [h]}
    name: a
kind: v/class
cdiVersion: v0.6.0
`
  test("what the newest engines read otherwise, or refuse, is told with what to write", () => {
    const text = "cdiVersion: 0.5.0\nkind: a.com/gpu\ndevices:\n- Name: 010\n  containerEdits: {env: [A=1]}\n"
    const read = parsed(text)
    expect(read.spec.devices[0]?.name).toBe("8")
    expect(read.warnings.map(({ severity }) => severity)).toEqual(["warning", "warning"])
    expect(read.warnings.map(({ fault }) => renderFaultLine(fault))).toEqual([
      '/etc/cdi/x.yaml:4:3: "Name" where the field is called name [GAN4030]: write it as the specification does: containerd from 2.4 on refuses the file',
      "/etc/cdi/x.yaml:4:9: number 8 where a string belongs [GAN4030]: put it in quotes: containerd from 2.4 on takes what is written, other engines what that means",
    ])
  })

  test("warnings come by their places, whichever rule is broken", () => {
    const places = parsed(backwards).warnings.map(({ fault: { data } }) => data.place)
    expect(places.map(({ line, column }) => [line, column])).toEqual([
      [2, 10],
      [6, 17],
      [9, 43],
      [9, 50],
      [11, 7],
      [12, 13],
    ])
  })

  test("faults of fields come as the text has them, those of rules as the reference judges", () => {
    const lines = (text: string): readonly unknown[] =>
      faultsOf(text).map(({ data }) => "place" in data && typeof data.place === "object" && data.place.line)
    expect(lines(backwards.replace("name:", "nmae:").replace("major: 0", "major: x"))).toEqual([7, 10])
    expect(lines(backwards.replace("v0.6.0", "9").replace("v/class", "v").replace("dev/a", '""'))).toEqual([
      12, 11, 6,
    ])
  })

  test("what is left out stands where it should stand", () =>
    expect(faultsOf('{\n "kind": "v/c",\n "devices": []}')[0]?.data).toMatchObject({
      place: { file: "/etc/cdi/x.yaml", line: 1, column: 1, path: "cdiVersion" },
    }))

  test("a .json file is told about as JSON, and YAML in it is a warning", () => {
    expect(faultsOf('{"a":', "/x.json").map(renderFaultLine)[0]).toContain("/x.json:1:6: ")
    expect(faultsOf('{"a":', "/x.json").map(renderFaultLine)[0]).toContain("not JSON")
    const yaml =
      'cdiVersion: "0.3.0"\nkind: vendor.com/class\ndevices: [{name: a, containerEdits: {env: [A=b]}}]\n'
    expect(parsed(yaml, "/x.json.yaml").warnings).toEqual([])
    expect(faultsOf(`${yaml}a: {`, "/x.json").map(renderFaultLine)[0]).toContain("not YAML")
    expect(parsed(yaml, "/x.json").warnings.map(({ fault }) => renderFaultLine(fault))).toEqual([
      "/x.json:1:1: a file that is called .json and holds YAML [GAN4030]: call it .yaml: a loader that goes by the name refuses it",
    ])
  })
})

describe("what belongs to no text", () => {
  const letter = (code: number): string =>
    `cdiVersion: 0.3.0\nkind: v.com/c\ndevices: [{name: a, containerEdits: {env: ["A=${String.fromCodePoint(code)}"]}}]\n`

  test.each([0, 1, 8, 0xb, 0xc, 0xe, 0x1f, 0x7f, 0x84, 0x86, 0x9f, 0xfffe, 0xffff])(
    "the control character %p: refused, with its place",
    (code) =>
      expect(faultsOf(letter(code)).map(renderFaultLine)).toEqual([
        expect.stringContaining(
          "/etc/cdi/x.yaml:3:47: failed to unmarshal CDI Spec: not YAML: control characters are not allowed [",
        ),
      ]),
  )

  test.each([9, 0x20, 0x7e, 0xa0, 0xd7ff, 0xe000, 0xfffd, 0x10000, 0x1f600, 0x10ffff])(
    "the character %p: taken",
    (code) =>
      expect(parsed(letter(code)).spec.devices[0]?.containerEdits.env).toEqual([
        `A=${String.fromCodePoint(code)}`,
      ]),
  )

  test("a byte that is no UTF-8 is told as such", () =>
    expect(faultsOf(Uint8Array.of(0x61, 0x3a, 0xff)).map(renderFaultLine)).toEqual([
      expect.stringContaining(
        "/etc/cdi/x.yaml:1:3: failed to unmarshal CDI Spec: not UTF-8: a byte that is no UTF-8 [",
      ),
    ]))

  const json = JSON.stringify({
    cdiVersion: "0.3.0",
    kind: "v.com/c",
    devices: [{ name: "a", containerEdits: { env: ["A=b"] } }],
  })

  test.each([
    ["\t", "1:1"],
    [" \t", "1:2"],
    ["\n \t", "2:2"],
    ["\r\n\t", "2:1"],
    ["# a\n# b\n\t", "3:1"],
    ["# a\r\n\t", "2:1"],
    // The end of a line to YAML, and to nobody who counts lines.
    ["# a\r\t", "1:5"],
  ])("a tab ahead of the first value, behind %j: refused", (ahead, place) =>
    expect(faultsOf(`${ahead}${json}`).map(renderFaultLine)).toEqual([
      expect.stringContaining(
        `/etc/cdi/x.yaml:${place}: failed to unmarshal CDI Spec: not YAML: a tab ahead of the first value [`,
      ),
    ]),
  )
})

describe("parts of specifications", () => {
  const additions = (text: string): readonly string[] => {
    const read = parseAdditions({ path: "x.yaml", bytes: bytesOf(text) })
    return read.ok ? [] : read.fault.map(({ tag }) => tag)
  }
  const unversioned = (text: string): readonly string[] => {
    const read = parseUnversioned({ path: "x.yaml", bytes: bytesOf(text) })
    return read.ok ? [] : read.fault.map(({ tag }) => tag)
  }
  const whole = "kind: v.com/c\ndevices: [{name: a, containerEdits: {env: [A=b]}}]\n"

  test("edits to add need neither version nor kind nor devices", () => {
    expect(additions("containerEdits: {env: [A=b], additionalGids: [1]}\n")).toEqual([])
    expect(additions("cdiVersion: 0.3.0\ncontainerEdits: {additionalGids: [1]}\n")).toEqual([])
  })

  test("they are warned of what nobody means, and of nothing that concerns readers, version or kind", () => {
    const text =
      "kind: x/y\ndevices: [{name: 0, containerEdits: {additionalGids: [1], deviceNodes: [{path: dev/x}]}}]\n---\n"
    const read = parseAdditions({ path: "x.yaml", bytes: bytesOf(`${text}more: 1\n`) })
    expect(read.ok && read.value.warnings.map(({ fault }) => renderFaultLine(fault).split(" [")[0])).toEqual([
      'x.yaml:2:80: the device path "dev/x" is not absolute',
      "x.yaml:4:1: text after the end of the specification, which nobody reads",
    ])
  })

  test("but what they say holds for them", () => {
    expect(additions("kind: v\ncontainerEdits: {env: [A=b]}\n")).toEqual(["CdiKindInvalid"])
    expect(additions("containerEdits: {env: [A]}\n")).toEqual(["CdiEnvironmentInvalid"])
  })

  test("a specification whose version is worked out need not say one, and must say the rest", () => {
    expect(unversioned(whole)).toEqual([])
    expect(unversioned(`cdiVersion: 9\n${whole}`)).toEqual(["CdiVersionUnknown"])
    expect(unversioned("kind: v.com/c\n")).toEqual(["CdiDevicesMissing"])
    expect(unversioned(`${whole}containerEdits: {env: [A]}\n`)).toEqual(["CdiEnvironmentInvalid"])
  })
})

describe("behind the first document", () => {
  const first =
    "cdiVersion: 0.5.0\nkind: vendor.com/class\ndevices:\n- name: a\n  containerEdits:\n    env: ['A=---\n\n      b']\n"
  const unreadIn = (more: string): readonly number[] => {
    const read = parseSpec({ path: "joined.yaml", bytes: encodeUtf8(`${first}${more}`) })
    if (!read.ok) throw new Error("refused")
    return read.value.warnings.flatMap(({ fault: { tag, data } }) =>
      tag === "CdiRuleBroken" && data.problem.startsWith("text after the end") ? [data.place.line] : [],
    )
  }
  const lines = first.split("\n").length

  test.each([
    ...["", "---\n", "...\n# the end\n", "...\n%YAML 1.1\n---\n# --- more\n...\n", "---\n\n---\n \n"],
    ...["# see --- below\n", "# ... ---\n", "...\n \t\n\t# the end\n"],
  ])("nothing is said by %j", (more) => expect(unreadIn(more)).toEqual([]))

  test.each<[more: string, line: number]>([
    ["---\nkind: 1\n", lines + 1],
    ["--- x\n", lines],
    ["...\n---\n---\n# more\nx\n", lines + 4],
  ])("what %j says is told of with its place: nobody reads it", (more, line) =>
    expect(unreadIn(more)).toEqual([line]),
  )
})

describe("behind a first value in brackets that is no JSON", () => {
  const first =
    '{"cdiVersion":"0.5.0","kind":"vendor.com/class","devices":[{"name":"a","containerEdits":{"env":["A=b"]}}],}'
  const told = (path: string, text: string): readonly string[] => {
    const read = parseSpec({ path, bytes: encodeUtf8(text) })
    return read.ok ? read.value.warnings.map(({ fault: one }) => one.tag) : read.fault.map(renderFaultLine)
  }

  test.each([" {}", "{}", "\n{}", "{", " }", " x", "\n{}\n{}"])(
    "%j: one fault, at the bracket behind the comma",
    (more) =>
      expect(told("s.json", `${first}${more}`)).toEqual([
        expect.stringContaining(
          `s.json:1:${first.length}: failed to unmarshal CDI Spec: not JSON: a key must be a string [GAN4001]`,
        ),
      ]),
  )

  test("as YAML: one fault, with the place of what is behind", () =>
    expect(told("s.yaml", `${first}\n{}`)).toEqual([
      expect.stringContaining("s.yaml:2:1: failed to unmarshal CDI Spec: not YAML: "),
    ]))

  test("where nothing is behind, it is YAML under another name", () =>
    expect([told("s.json", first), told("s.yaml", first)]).toEqual([["CdiRuleBroken"], []]))
})
