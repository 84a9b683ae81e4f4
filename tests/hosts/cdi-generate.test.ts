import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parseCtkGenerate } from "../../src/commands/ctk/ctk-generate-flags.ts"
import { generateAsCtk, observeForCtk } from "../../src/commands/ctk/make-ctk-spec.ts"
import {
  type CdiGenerateVector,
  type Described,
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

function generate({ host, args, nvml }: CdiGenerateVector) {
  const call = parseCtkGenerate(
    args,
    () => undefined,
    (named) => named || "/usr/bin/nvidia-cdi-hook",
  )
  if (!call.ok || call.value === "help") throw new Error(`not understood: ${args.join(" ")}`)
  const [name = "", count = "1"] = host.split(" × ")
  const seen = observeForCtk(openListed(name, Number(count)), call.value)
  const snapshot = nvml === "mock" ? relabelAsTold(seen, readToldNames(vectors, host)) : seen
  return { snapshot, ours: generateAsCtk(snapshot, call.value) }
}

describe("nvidia-ctk cdi generate gives each device what the reference's does, rules aside", () => {
  test("a hundred and six records", () => expect(vectors).toHaveLength(106))

  for (const vector of vectors)
    test(vector.name, () => {
      const { snapshot, ours } = generate(vector)
      if (ours.ok !== (vector.exit === 0)) {
        const rule = cdiGenerateRules.find(({ explains }) => explains?.(vector, snapshot) === true)
        expect(rule?.title).toBeDefined()
        note(rule?.title ?? "")
        return
      }
      if (!ours.ok) return
      const specs = ours.value.specs.map(({ spec }) => describeSpec(spec))
      const expected = parseSpecs(vector.stdout).map(describeSpec)
      expect(specs.map(({ kind }) => kind)).toEqual(expected.map(({ kind }) => kind))
      for (const [index, { version, devices }] of expected.entries()) {
        const own = specs[index]
        expect(Object.keys(own?.devices ?? {})).toEqual(Object.keys(devices))
        for (const [name, given] of Object.entries(own?.devices ?? {}))
          expect(given).toEqual(adoptGenerateRules(devices[name] ?? given, given, snapshot, note))
        // Without the groups of nodes that a rule takes away, an older version says the rest.
        const groupsOf = (all: Described["devices"]) => Object.values(all).map(({ groups }) => groups)
        if (Bun.deepEquals(groupsOf(own?.devices ?? {}), groupsOf(devices)))
          expect(own?.version).toBe(version)
      }
    })

  const differences = readFileSync(join(import.meta.dir, "../../docs/differences.md"), "utf8")
  for (const { title } of cdiGenerateRules)
    test(`rule in use and documented: ${title}`, () => {
      expect(applied.get(title) ?? 0).toBeGreaterThan(0)
      expect(differences.includes(`**${title}.**`)).toBe(true)
    })
})
