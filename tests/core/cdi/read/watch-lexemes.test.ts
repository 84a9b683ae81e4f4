import { describe, expect, test } from "bun:test"
import { readJson } from "../../../../src/core/cdi/read/read-json.ts"
import { readYaml } from "../../../../src/core/cdi/read/read-yaml.ts"

/** Judged by the reference's loader. */
describe("blanks and breaks that engines refuse", () => {
  test.each([
    ["a line that is a tab alone", "a: 5\n\t\nb: 1\n"],
    ["the last line", "a: {b: c}\n\t"],
    ["a tab ahead of a comment", 'a: "q"\n \t# c\n'],
    ["a tab ahead of a key", "a:\n  \t b: c\n"],
    ["behind a dash", "a:\n-\t b\n"],
    ["behind a dash and a blank", "- \tc\n"],
    ["in the indentation of a text's first line", "a: |\n  \tx\n"],
    ["in the indentation of a text's other line", "a: >-\n    x\n  \ty\n"],
    ["ahead of a text's first line", "a: |\n\t\n  x\n"],
    ["a key's colon on the next line", "a: {b\n: c}\n"],
    ["the same with quotes", '{"a"\n  : 1}\n'],
    ["the same outside of brackets", "a\n  : b\n"],
    ["behind a word between brackets, within a block", "a: [{\n  b: [\n\t1\n\t]}]\n"],
    ["within a word, up to its block's column", "a: b\n\tc\n"],
    ["behind a word, up to its block's column", "a:\n  b: c\n  \t\nd: e\n"],
    ["a colon that begins a word between brackets", "a: [x, :0]\n"],
    ["the same, of an address", "a: [::1]\n"],
    ["a key of two lines", '{"a\n b": 1}\n'],
    ["a ? at the start of a value", "a: {b: ?c}\n"],
    ["a # in a tag", "a: !!ma#p {}\n"],
    ["the same at a word", "a: !!str#x b\n"],
    ["the same in a tag that is written out", "a: !<x#y> b\n"],
    ["the same between brackets", "a: [!b#c d]\n"],
    ["a ? in a word", "a: [/de?v]\n"],
    ["a bracket right behind a word's colon", "{a:[b]}\n"],
    ["a brace", "a: [b:{c: d}]\n"],
    ["behind a word of two lines", "{a\n b:[c]}\n"],
    ["a tag that touches a bracket", "a: [b, !]\n"],
    ["an anchor whose name has a dot", "a: &b.c d\n"],
    ["one whose name has another letter", "a: [&é b]\n"],
    ["one that ends in a colon", "a: &b:\n  c: d\n"],
    ["an anchor without a name", "a: [b, & c]\n"],
    ["a tag that touches a brace", "a: {b: !x}\n"],
    ["a tag that touches a quote", 'a: !!str"b"\n'],
    ["in a text that says nothing", " \t\n"],
    ["ahead of the first word", "  \ta\n"],
    ["in the indentation of a folded text's first line", "a: >\n  \tx\n"],
    ["in a text of several lines that says nothing", "a: >\n \t\n"],
    ["behind a word, two of them from its block's column on", "a:\n  b: c\n  \t\t\nd: e\n"],
    ["behind a word of a list in a list, up to the column of its dash", "- - b\n \t\n"],
    ["within a word between brackets, up to its block's column", "a: [b\n\tc]\n"],
    ["the same in a line behind others", "a:\n    b: [c\n d\n  \te]\n"],
  ])("%s", (_, text) => {
    expect(readYaml(text).ok).toBe(false)
  })

  test.each([
    ["behind a key's colon", "a:\tb\nc: \td\n"],
    ["ahead of a comment behind a value", "a: b\t# c\n"],
    ["behind an anchor", "a: &x\tb\n"],
    ["behind a colon at the end of a line", "a:\t\n  b: 1\n"],
    ["on an empty line behind a word, beyond its block's column", "a: b\n  \t\nc: d\n"],
    ["the same, ahead of a comment", "a: b\n \t # c\nd: e\n"],
    ["behind a word between brackets that is in no block", "[\n\tb,\n\tc\n\t]\n"],
    ["a colon in a word, and outside of brackets at its beginning", "a: [x:0]\nb: :0\n"],
    ["an explicit key outside of brackets", "? a\n: b\n"],
    ["between brackets", "a: {\n\tb: c,\n\t\n\td: e }\n"],
    ["in a text of several lines, behind its indentation", "a: |\n  x\n  \ty\n"],
    ["a value on the next line", "a: {b:\n c}\n"],
    ["an explicit key", "a: {? b\n : c}\n"],
    ["a bracket right behind a colon and a quote", "{\"a\":[b], 'c':{d: e}}\n"],
    ["a bracket behind a colon and a blank", "{a: [b], c:\n[d]}\n"],
    ["a bracket behind a colon outside of brackets", "a: b:[c]\n"],
    ["an anchor of letters, digits, - and _", "a: &b-1_C d\ne: [*b-1_C, *b-1_C ]\n*b-1_C : f\n"],
    ["a # behind a tag and a blank, or written otherwise", "a: !!str #x\nb: !!ma%23p {}\n"],
    ["a tag and a blank, the end of a line, or of the text", "a: !!str b\nc: !!str\n  d\ne: !"],
    ["behind a word of a list, beyond the column of its dash", "- b\n \t\n"],
    ["within a word between brackets, beyond its block's column", "a:\n    b: [c\n d\n     \te]\n"],
    [
      "within a word behind a text of several lines, beyond its block's column",
      "a: |\n  x\n  y\nb: c\n \td\n",
    ],
    ["behind the last line of a word between brackets, up to its block's column", "a:\n    b: [c\nd\t]\n"],
    ["a ? between quotes or outside of brackets", 'a: ["?b"]\nc: /d?e\n'],
  ])("not %s", (_, text) => {
    expect(readYaml(text)).toMatchObject({ ok: true })
  })

  const tab = "a tab that indents, or begins a line: engines take blanks alone"

  test.each([
    [5, "a: 5\n\t\nb: 1\n", tab],
    [6, "a: {b\n: c}\n", "a key and its colon on two lines"],
    [7, "a: [x, :0]\n", "a word without quotes that begins with a colon"],
    [4, "a: [/de?v]\n", "a ? in a word without quotes"],
    [3, "a: !!ma#p {}\n", "a # in a tag"],
    [9, "a: {b: !x}\n", "a tag without a blank behind it"],
    [3, "a: &b.c d\n", "a name of an anchor with other signs than letters, digits, - and _"],
    [3, 'a: "b\\"', "a quote that nothing closes"],
  ])("what is said, and where: at %d of %j", (at, text, problem) => {
    expect(readYaml(text)).toEqual({ ok: false, at, problem })
  })

  test("in JSON too, which is YAML to engines", () => {
    const split = { ok: false, at: 3, problem: "a key and its colon on two lines" } as const
    for (const text of ['{"a"\n: 1}', '{"a" \n: 1}', '{"a"\t\r\n : 1}']) expect(readJson(text)).toEqual(split)
    expect(readJson('{"a": 1}\n\t\n')).toEqual({ ok: false, at: 9, problem: tab })
    for (const text of ['{\n\t"a":\n\t1\n}\n', '{"a": "\\n:"} \t', '{"a" :\t1}'])
      expect(readJson(text)).toMatchObject({ ok: true })
  })
})
