import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { ownOutput, readRuntimeCdi, runtimeCdiRules, withoutEmpty } from "../vectors/runtime-cdi.ts"

const applied = new Map<string, number>()

describe("devices of specifications as with the reference's wrapper, rules aside", () => {
  const vectors = readRuntimeCdi()

  test("two hundred records, of which some are refused", () => {
    expect(vectors).toHaveLength(200)
    expect(vectors.filter(({ exit }) => exit !== 0)).toHaveLength(40)
  })

  for (const vector of vectors)
    test(vector.name, () => {
      const ours = ownOutput(vector)
      expect(ours.ok).toBe(vector.exit === 0)
      if (!ours.ok) return
      let expected = vector.output === "unchanged" ? vector.input : vector.output
      for (const { title, adopt } of runtimeCdiRules) {
        const next = adopt(expected, ours.value, vector)
        if (!Bun.deepEquals(withoutEmpty(next), withoutEmpty(expected)))
          applied.set(title, (applied.get(title) ?? 0) + 1)
        expected = next
      }
      expect(withoutEmpty(ours.value)).toEqual(withoutEmpty(expected))
    })

  const differences = readFileSync(join(import.meta.dir, "../../docs/differences.md"), "utf8")
  for (const { title } of runtimeCdiRules)
    test(`rule in use and documented: ${title}`, () => {
      expect(applied.get(title) ?? 0).toBeGreaterThan(0)
      expect(differences.includes(`**${title}`)).toBe(true)
    })
})
