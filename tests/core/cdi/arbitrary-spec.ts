/** Specifications that nobody wrote, for properties. */

import fc from "fast-check"
import { withLowestVersion } from "../../../src/core/cdi/rules/raise-version.ts"
import { type CdiSpec, type ContainerEdits, hookNames, noEdits } from "../../../src/core/cdi/spec.ts"

/** Texts that YAML would read as something else, or that hold what ends one. */
const anyText = fc.oneof(
  fc.string({ maxLength: 12 }).map((made) => made.toWellFormed()),
  fc.constantFrom(
    "0",
    "010",
    "yes",
    "~",
    "null",
    "1e3",
    "- a",
    "a: b",
    "a #b",
    "'",
    '"',
    "\\",
    " a ",
    "",
    "<<",
    "=",
    "!x",
    "é\u2028",
    "\n",
    "{}",
    "-",
    "?",
    ":a",
    "1:30",
    "2020-01-01",
    "\u0000",
    "\ufeff",
    "\u0085",
    "\u007f",
    "😀",
    "---",
    "...",
    "*a",
    "&a",
    "%a",
    "@a",
    "`a",
  ),
)
/** Paths, names and words as generated specifications have them. */
const plainText = fc.oneof(
  fc.stringMatching(/^(?:\/[a-z][a-z0-9._-]{0,8}){1,4}$/),
  fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}[a-z]$/),
  fc.constantFrom("nvidia-cdi-hook", "--folder", "../card1::/dev/dri/by-path/x", "0", "rbind"),
)
const annotationName = fc.stringMatching(/^[a-z]{1,5}\.com\/[a-z0-9.-]{0,5}[a-z]$/)

interface Words {
  readonly text: fc.Arbitrary<string>
  /** Of an annotation. */
  readonly key: fc.Arbitrary<string>
  /** A list of none is written, and in brackets. */
  readonly fewestSchemata: 0 | 1
}
const anyWords: Words = { text: anyText, key: anyText, fewestSchemata: 0 }
const plainWords: Words = { text: plainText, key: annotationName, fewestSchemata: 1 }
const id = fc.nat({ max: 4_294_967_295 })
const list = <T>(items: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(items, { maxLength: 3 })
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })

function editsOf({ text, fewestSchemata }: Words): fc.Arbitrary<ContainerEdits> {
  const filled = text.filter((made) => made !== "")
  const variable = fc
    .tuple(fc.stringMatching(/^[A-Z][A-Z_]{0,5}$/), text)
    .map(([name, value]) => `${name}=${value}`)
  return fc.record({
    env: list(variable),
    deviceNodes: list(
      fc.record({
        path: filled,
        hostPath: text,
        type: fc.constantFrom("", "b", "c", "u", "p"),
        major: fc.maxSafeNat(),
        minor: fc.maxSafeNat(),
        fileMode: maybe(id),
        permissions: fc.constantFrom("", "r", "rwm", "none"),
        uid: maybe(id),
        gid: maybe(id),
      }),
    ),
    netDevices: fc
      .uniqueArray(filled, { maxLength: 3 })
      .map((names) => names.map((name) => ({ hostInterfaceName: name, name }))),
    hooks: list(
      fc.record({
        hookName: fc.constantFrom(...hookNames),
        path: filled,
        args: list(text),
        env: list(variable),
        timeout: maybe(fc.maxSafeInteger()),
      }),
    ),
    mounts: list(fc.record({ hostPath: filled, containerPath: filled, options: list(text), type: text })),
    intelRdt: maybe(
      fc.record({
        closID: fc.constantFrom("", "/", "gold"),
        l3CacheSchema: text,
        memBwSchema: text,
        schemata: maybe(fc.array(text, { minLength: fewestSchemata, maxLength: 3 })),
        enableMonitoring: fc.boolean(),
      }),
    ),
    additionalGids: list(id),
  })
}

/** Valid, and of the lowest version that can say it. */
function specOf(words: Words): fc.Arbitrary<CdiSpec> {
  const annotations = fc
    .array(fc.tuple(words.key, words.text), { maxLength: 3 })
    .map((pairs) => new Map(pairs))
  const madeEdits = editsOf(words)
  return fc
    .record({
      kind: fc.constantFrom("v/c", "vendor.com/class", "vendor.com/a.b"),
      annotations,
      devices: fc
        .uniqueArray(fc.stringMatching(/^[a-z0-9]([a-z0-9_.:-]{0,4}[a-z0-9])?$/), {
          minLength: 1,
          maxLength: 3,
        })
        .chain((names) =>
          fc.tuple(
            ...names.map((name) =>
              fc.record({
                name: fc.constant(name),
                annotations,
                containerEdits: madeEdits.map((edits) => ({ ...edits, env: [...edits.env, "A=b"] })),
              }),
            ),
          ),
        ),
      containerEdits: fc.oneof(fc.constant(noEdits), madeEdits),
    })
    .map((made) => {
      return withLowestVersion(made)
    })
}

export const arbitraryEdits: fc.Arbitrary<ContainerEdits> = editsOf(anyWords)

export const arbitrarySpec: fc.Arbitrary<CdiSpec> = specOf(anyWords)

/** Of words as generators write them. */
export const arbitraryPlainSpec: fc.Arbitrary<CdiSpec> = specOf(plainWords)

/** Says nothing but whose class it is. */
