import { expect, test } from "bun:test"
import { unplacePath } from "../../../../src/core/cdi/edits/unplace-edits.ts"

test("a directory beside the machine's is not the machine's", () => {
  expect(unplacePath("/machine/lib/a", "/machine")).toBe("/lib/a")
  expect(unplacePath("/machine-2/lib/a", "/machine")).toBe("/machine-2/lib/a")
})
