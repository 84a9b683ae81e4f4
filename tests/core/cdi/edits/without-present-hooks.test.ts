import { describe, expect, test } from "bun:test"
import { withoutPresentHooks } from "../../../../src/core/cdi/edits/without-present-hooks.ts"
import { type Hook, noEdits } from "../../../../src/core/cdi/spec.ts"
import { parseJsonValue } from "../../../../src/core/oci/json.ts"

const own = ["PATH=/bin"]
const made: Hook = { hookName: "createContainer", path: "/h", args: ["h", "x"], env: [], timeout: undefined }

function isAdded(hook: Hook, spec: object): boolean {
  const parsed = parseJsonValue(JSON.stringify(spec), "OCI spec")
  if (!parsed.ok) throw new Error("no JSON")
  return withoutPresentHooks({ ...noEdits, hooks: [hook] }, parsed.value, own).hooks.length === 1
}
const there = (hook: object, stage = "createContainer"): object => ({ hooks: { [stage]: [hook] } })
const same = { path: "/h", args: ["h", "x"] }

describe("a hook that config.json has already is not added again", () => {
  test.each<[what: string, hook: Hook, spec: object]>([
    ["the same, without variables", made, there(same)],
    ["the same, with the variables that we gave it", made, there({ ...same, env: own })],
    ["the same, with its own variables", { ...made, env: ["A=b"] }, there({ ...same, env: ["A=b"] })],
    ["the same, with another time limit", made, there({ ...same, timeout: 5 })],
    [
      "the same, under a name in another case",
      made,
      { HOOKS: { CreateContainer: [{ Path: "/h", ARGS: ["h", "x"] }] } },
    ],
  ])("%s", (_, hook, spec) => {
    expect(isAdded(hook, spec)).toBe(false)
  })

  test.each<[what: string, hook: Hook, spec: object]>([
    ["there are none", made, {}],
    ["another program", made, there({ ...same, path: "/other" })],
    ["other words", made, there({ ...same, args: ["h"] })],
    ["another time", made, there(same, "poststop")],
    ["other variables", made, there({ ...same, env: ["A=b"] })],
    ["none of its own variables", { ...made, env: ["A=b"] }, there({ ...same, env: own })],
    ["what is no hook", made, { hooks: { createContainer: [null, 1, "x", { path: 1, args: "h" }] } }],
    ["what is no list of hooks", made, { hooks: { createContainer: same } }],
  ])("but it is where there is only %s", (_, hook, spec) => {
    expect(isAdded(hook, spec)).toBe(true)
  })

  test("all else of the edits stays", () => {
    const parsed = parseJsonValue(JSON.stringify(there(same)), "OCI spec")
    const edits = { ...noEdits, env: ["A=b"], additionalGids: [1] }
    expect(parsed.ok && withoutPresentHooks({ ...edits, hooks: [made] }, parsed.value, own)).toEqual(edits)
  })

  test("two of one specification that are the same are both added", () => {
    const parsed = parseJsonValue("{}", "OCI spec")
    const edits = { ...noEdits, hooks: [made, made] }
    expect(parsed.ok && withoutPresentHooks(edits, parsed.value, own).hooks).toHaveLength(2)
  })
})
