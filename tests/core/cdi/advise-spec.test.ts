import { expect, test } from "bun:test"
import { adviseSpec } from "../../../src/core/cdi/advise-spec.ts"
import { type CdiSpec, noEdits } from "../../../src/core/cdi/spec.ts"
import { locateNowhere } from "../../../src/core/cdi/spec-source.ts"

const limit = 256 * 1024

/** What is said of annotations whose values together are so long. */
function adviceFor(value: string, count: number): readonly string[] {
  const spec: CdiSpec = {
    ...{ cdiVersion: "0.6.0", kind: "vendor.com/class", containerEdits: noEdits },
    annotations: new Map(Array.from({ length: count }, (_, index) => [`${index}`, value])),
    devices: [{ name: "a", annotations: new Map(), containerEdits: { ...noEdits, env: ["A=b"] } }],
  }
  return adviseSpec(spec, locateNowhere("made")).map(({ fault }) => fault.data.problem)
}

// A letter of a key each.
test.each([
  ["ASCII", "a".repeat(limit / 2 - 1), 2, []],
  ["ASCII, one more", `${"a".repeat(limit / 2 - 1)}a`, 2, [`annotations of more than ${limit} bytes`]],
  ["two bytes each", "é".repeat(limit / 4 - 1), 2, []],
  ["two bytes each, one more", "é".repeat(limit / 4), 2, [`annotations of more than ${limit} bytes`]],
  ["three times 140,000 bytes", "é".repeat(70_000), 3, [`annotations of more than ${limit} bytes`]],
  ["four bytes each", "😀".repeat(limit / 4), 1, [`annotations of more than ${limit} bytes`]],
])("the length of annotations is counted in bytes: %s", (_, value, count, problems) => {
  expect(adviceFor(value, count)).toEqual(problems)
})
