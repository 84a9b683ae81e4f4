/** A text that was made to cost much. */

import { expect, test } from "bun:test"
import { parseJson } from "../../../src/core/oci/json.ts"

test("eight megabytes in one string are read", () => {
  const long = "x\\n".repeat(2_700_000)
  const outcome = parseJson(`"${long}"`)
  expect(outcome.ok).toBe(true)
})
