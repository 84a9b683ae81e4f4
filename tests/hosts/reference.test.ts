import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Catalogued, catalogue, catalogueModes, sortGiven } from "./catalogued.ts"
import { hostNames, observeRecorded, referenceOf } from "./recorded-host.ts"
import { referenceRules } from "./reference-rules.ts"

const applied = new Map<string, number>()

/** The reference's answer after every rule, and which rules changed it. */
function adopt(reference: Catalogued, ours: Catalogued): Catalogued {
  let answer = sortGiven(reference)
  for (const { title, adopt: change } of referenceRules) {
    const next = sortGiven(change(answer, ours))
    if (!Bun.deepEquals(next, answer)) applied.set(title, (applied.get(title) ?? 0) + 1)
    answer = next
  }
  return answer
}

describe("files, links and nodes equal the reference's, rules aside", () => {
  const answered = hostNames.flatMap((name) => {
    const reference = referenceOf(name)
    return reference === undefined ? [] : [{ name, reference }]
  })

  // Not where it ends without an answer: no driver, or one that NVML does not fit.
  test("the reference answered on fourteen of the machines", () => expect(answered).toHaveLength(14))

  for (const { name, reference } of answered)
    test(name, () => {
      const ours = catalogue(observeRecorded(name))
      expect(ours.mounts.length).toBeGreaterThan(5)
      const expected = adopt(reference, ours)
      expect(ours.mounts).toEqual(expected.mounts)
      expect(ours.links).toEqual(expected.links)
      expect(ours.nodes).toEqual(expected.nodes)
      expect(ours.devices).toEqual(expected.devices)
    })

  for (const { name, reference } of answered)
    for (const [mode, expected] of Object.entries(reference.modes ?? {}))
      test(`${name}, mode ${mode}`, () => {
        expect(expected.nodes.length).toBeGreaterThan(0)
        expect(catalogueModes(observeRecorded(name))[mode]).toEqual(expected)
      })

  const differences = readFileSync(join(import.meta.dir, "../../docs/differences.md"), "utf8")
  for (const { title } of referenceRules)
    test(`rule in use and documented: ${title}`, () => {
      expect(applied.get(title) ?? 0).toBeGreaterThan(0)
      expect(differences.includes(`**${title}.**`)).toBe(true)
    })
})
