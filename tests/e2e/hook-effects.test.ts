import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import {
  type HookEffectVector,
  type HookOutcome,
  readHookEffects,
  runHookEffect,
} from "../vectors/hook-effect.ts"
import { hookEffectRules } from "../vectors/hook-effect-rules.ts"
import { cdiHookProgram, missing } from "./bundle.ts"

const lacks = missing()
const suite = lacks === "" ? describe : describe.skip

suite(
  lacks === ""
    ? "recorded effects of CDI hooks, by the real executable"
    : `recorded effects of CDI hooks (missing: ${lacks})`,
  () => {
    const vectors = readHookEffects()
    const applied = new Set<string>()
    const adopt = (vector: HookEffectVector, ours: HookOutcome): HookOutcome => {
      const { exit, added, changed, removed } = vector
      let outcome: HookOutcome = { exit, added, changed, removed }
      for (const { title, adopt: change } of hookEffectRules) {
        const next = change(outcome, vector, ours)
        if (!Bun.deepEquals(next, outcome)) applied.add(title)
        outcome = next
      }
      return outcome
    }

    test("there are forty", () => expect(vectors).toHaveLength(40))

    for (const vector of vectors)
      test(vector.name, () => {
        const { stderr, ...ours } = runHookEffect(cdiHookProgram, vector)
        expect(ours).toEqual(adopt(vector, ours))
        // One line, with a code, for whom something is wrong; for others at most warnings.
        if (ours.exit !== 0) expect(stderr).toMatch(/^[^\n]+ \[GAN\d{4}\][^\n]+\n$/)
        else expect(stderr.replaceAll(/^warning: [^\n]+ \[GAN\d{4}\][^\n]+\n/gm, "")).toBe("")
      })

    test.each([
      [
        "symlink: empty directory exists",
        "failed to create link [libcuda.so.1 /usr/lib/x86_64-linux-gnu/libcuda.so]: ",
      ],
      ["symlink: malformed, two separators", "invalid symlink specification a::/b::/c"],
      [
        "compat: two candidates",
        "Unexpected number of CUDA compat libraries in container: [/usr/local/cuda/compat/libcuda.so.550.54.14 /usr/local/cuda/compat/libcuda.so.560.1.1]",
      ],
      ["compat: bad host version", 'failed to parse host driver version "abc": invalid semantic version'],
      ["compat: conf.d is a link out of the root", "failed to create ld.so.conf.d"],
      ["ldcache: conf.d is a link out of the root", "Error updating ldcache: "],
      ["profile: minor above 63", "dropping invalid minor number 64"],
      ["chmod: bad mode", "failed to parse mode as octal: "],
      ["unknown subcommand", "Unsupported CDI hook: no-such-hook"],
      ["unknown flag", "flag provided but not defined: -nope"],
    ])("%s: the line begins with what people search for", (name, text) => {
      const vector = vectors.find((one) => one.name === name)
      if (vector === undefined) throw new Error(`no vector ${name}`)
      expect(vector.stderr.replaceAll('\\"', '"')).toContain(text)
      expect(
        runHookEffect(cdiHookProgram, vector)
          .stderr.replace(/^warning: /, "")
          .startsWith(text),
      ).toBe(true)
    })

    const differences = readFileSync(join(import.meta.dir, "../../docs/differences.md"), "utf8")
    for (const { title } of hookEffectRules)
      test(`rule in use and documented: ${title}`, () => {
        expect(applied.has(title)).toBe(true)
        expect(differences.includes(`**${title}.**`)).toBe(true)
      })
  },
)
