import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { generateAsCtk, observeForCtk } from "../../src/commands/ctk-generate.ts"
import { parseCtkGenerate } from "../../src/commands/ctk-generate-flags.ts"
import {
  type CdiGenerateVector,
  describeSpec,
  parseSpecs,
  readCdiGenerate,
  readToldNames,
  relabelAsTold,
} from "../vectors/cdi-generate.ts"
import { adoptGenerateRules, cdiGenerateRules } from "../vectors/cdi-generate-rules.ts"
import { openListed } from "./listed-host.ts"

const vectors = readCdiGenerate()

const applied = new Map<string, number>()
const note = (title: string): void => {
  applied.set(title, (applied.get(title) ?? 0) + 1)
}

function generate({ host, args }: CdiGenerateVector) {
  const call = parseCtkGenerate(
    args,
    () => undefined,
    () => "/usr/bin/nvidia-cdi-hook",
  )
  if (!call.ok || call.value === "help") throw new Error(`not understood: ${args.join(" ")}`)
  const [name = "", count = "1"] = host.split(" × ")
  const snapshot = observeForCtk(openListed(name, Number(count)), call.value)
  return generateAsCtk(relabelAsTold(snapshot, readToldNames(vectors, host)), call.value)
}

describe("nvidia-ctk cdi generate gives each device what the reference's does, rules aside", () => {
  test("forty-two records", () => expect(vectors).toHaveLength(42))

  for (const vector of vectors)
    test(vector.name, () => {
      const ours = generate(vector)
      expect(ours.ok).toBe(vector.exit === 0)
      if (!ours.ok) return
      const specs = ours.value.specs.map(({ spec }) => describeSpec(spec))
      const expected = parseSpecs(vector.stdout).map(describeSpec)
      expect(specs.map(({ kind }) => kind)).toEqual(expected.map(({ kind }) => kind))
      for (const [index, { version, devices }] of expected.entries()) {
        const own = specs[index]
        expect(own?.version).toBe(version)
        expect(Object.keys(own?.devices ?? {})).toEqual(Object.keys(devices))
        for (const [name, given] of Object.entries(own?.devices ?? {}))
          expect(given).toEqual(adoptGenerateRules(devices[name] ?? given, given, note))
      }
    })

  const differences = readFileSync(join(import.meta.dir, "../../docs/differences.md"), "utf8")
  for (const { title } of cdiGenerateRules)
    test(`rule in use and documented: ${title}`, () => {
      expect(applied.get(title) ?? 0).toBeGreaterThan(0)
      expect(differences.includes(`**${title}.**`)).toBe(true)
    })
})
