import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { ownEnding, readRuntimeEdits, relabel } from "../vectors/runtime-edit.ts"
import { adoptRuntimeRules, runtimeEditRules } from "../vectors/runtime-edit-rules.ts"
import { observeRecorded } from "./recorded-host.ts"

const applied = new Map<string, number>()

const note = (title: string): void => {
  applied.set(title, (applied.get(title) ?? 0) + 1)
}

describe("a container ends up as with the reference's wrapper, rules aside", () => {
  const vectors = readRuntimeEdits()
  const snapshot = relabel(observeRecorded("mig-extras"))

  test("a hundred records", () => expect(vectors).toHaveLength(100))

  for (const vector of vectors)
    test(`${vector.mode}: ${vector.name}`, () => {
      const ours = ownEnding(vector, snapshot)
      const expected = adoptRuntimeRules({ vector, ours, vectors, snapshot }, note)
      // A refusal is worded differently: see the faults' pages.
      if (ours.kind === "refused") expect(expected.kind).toBe("refused")
      else expect(ours).toEqual(expected as typeof ours)
    })

  const differences = readFileSync(join(import.meta.dir, "../../docs/differences.md"), "utf8")
  for (const { title } of runtimeEditRules)
    test(`rule in use and documented: ${title}`, () => {
      expect(applied.get(title) ?? 0).toBeGreaterThan(0)
      expect(differences.includes(`**${title}.**`)).toBe(true)
    })
})
