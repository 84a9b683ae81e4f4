import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { catalogue, catalogueModes } from "./catalogued.ts"
import { hostNames, observeRecorded, referenceOf } from "./recorded-host.ts"
import { adoptRules, referenceRules } from "./reference-rules.ts"

const applied = new Map<string, number>()

const note = (title: string): void => {
  applied.set(title, (applied.get(title) ?? 0) + 1)
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
      const expected = adoptRules(reference, ours, note)
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
