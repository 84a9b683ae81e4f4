import { expect, test } from "bun:test"
import type { SpecChange } from "../../../src/core/cdi/diff-specs.ts"
import { renderCdiChanges, renderCdiChangesJson } from "../../../src/core/explain/render-cdi-changes.ts"

const changes: readonly SpecChange[] = [
  { where: "kind", field: "", change: "removed", what: "a.com/b" },
  { where: "device 0", field: "mounts", change: "added", what: "/a\u001b -> /b" },
  { where: "device 1", field: "", change: "added", what: "" },
]

test("a line says what is taken and given, and nothing in it reaches the terminal as it stands", () => {
  expect(renderCdiChanges(changes)).toBe("- kind a.com/b\n+ device 0 mounts /a\\u001b -> /b\n+ device 1\n")
  expect(renderCdiChanges([])).toBe("no difference for containers\n")
})

test("machines are told of the same, and of devices that are not compared", () => {
  expect(JSON.parse(renderCdiChangesJson(changes, ["2"]))).toEqual({ version: 1, changes, unlisted: ["2"] })
})
