import { describe, expect, test } from "bun:test"
import { parseHookState, parseRootPath } from "../../../src/core/oci/hook-state.ts"

describe("what a CDI hook is told", () => {
  test.each([
    ['{"bundle":"/b","root":"/r"}', { bundle: "/b", root: "/r" }],
    ['{"Bundle":"/b","pid":"of no concern"}', { bundle: "/b", root: "" }],
    ['{"bundle":"/b","status":5,"annotations":[],"pid":1.5}', { bundle: "/b", root: "" }],
    ['{"bundle":null,"root":null}', { bundle: "", root: "" }],
    ["null", { bundle: "", root: "" }],
    ["{} what follows", { bundle: "", root: "" }],
  ])("%s", (text, value) => {
    expect(parseHookState(text)).toEqual({ ok: true, value })
  })

  test.each([
    ["", "JsonInvalid"],
    ["[]", "JsonTypeWrong"],
    ['{"bundle":1}', "JsonTypeWrong"],
    ['{"root":["/r"]}', "JsonTypeWrong"],
  ])("%j is refused: %s", (text, tag) => {
    expect(parseHookState(text)).toMatchObject({ ok: false, fault: { tag } })
  })

  test.each([
    ['{"root":{"path":"rootfs"}}', "rootfs"],
    ['{"root":{"path":"a"},"Root":{"Path":"b"}}', "b"],
    ['{"root":{}}', ""],
    ["{}", ""],
  ])("the root of %s", (text, value) => {
    expect(parseRootPath(text)).toEqual({ ok: true, value })
  })

  test.each([
    ["x", "JsonInvalid"],
    ['{"root":"rootfs"}', "JsonTypeWrong"],
    ['{"root":{"path":1}}', "JsonTypeWrong"],
  ])("no root in %s: %s", (text, tag) => {
    expect(parseRootPath(text)).toMatchObject({ ok: false, fault: { tag } })
  })
})
