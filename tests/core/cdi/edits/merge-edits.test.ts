import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { mergeEdits } from "../../../../src/core/cdi/edits/merge-edits.ts"
import { isOlder, minimumVersion } from "../../../../src/core/cdi/rules/version.ts"
import { noEdits } from "../../../../src/core/cdi/spec.ts"
import { arbitraryEdits, arbitrarySpec } from "../arbitrary-spec.ts"
import { bareRdt } from "../read/bare-parts.ts"

describe("several edits as one", () => {
  test("lists one after the other, the last RDT, nothing left out", () => {
    const merged = mergeEdits([
      { ...noEdits, env: ["A=1"], intelRdt: bareRdt, additionalGids: [1] },
      { ...noEdits, env: ["A=1", "B=2"], additionalGids: [1] },
    ])
    expect(merged).toEqual({
      ...noEdits,
      env: ["A=1", "A=1", "B=2"],
      intelRdt: bareRdt,
      additionalGids: [1, 1],
    })
    expect(mergeEdits([])).toEqual(noEdits)
  })

  test("the version that is needed never falls when an edit is added", () => {
    fc.assert(
      fc.property(arbitrarySpec, arbitraryEdits, (made, more) => {
        // A second intelRdt takes the place of the first: nothing is added then.
        const { intelRdt } = made.containerEdits
        const added = intelRdt === undefined ? more : { ...more, intelRdt: undefined }
        const larger = { ...made, containerEdits: mergeEdits([made.containerEdits, added]) }
        return !isOlder(minimumVersion(larger).version, minimumVersion(made).version)
      }),
    )
  })
})
