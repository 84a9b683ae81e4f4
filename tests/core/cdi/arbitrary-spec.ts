/** Specifications that nobody wrote, for properties. */

import fc from "fast-check"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { minimumVersion } from "../../../src/core/cdi/version.ts"

/** Texts that YAML would read as something else, or that hold what ends one. */
const text = fc.oneof(
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
const filled = text.filter((made) => made !== "")
const id = fc.nat({ max: 4_294_967_295 })
const variable = fc
  .tuple(fc.stringMatching(/^[A-Z][A-Z_]{0,5}$/), text)
  .map(([name, value]) => `${name}=${value}`)
const list = <T>(items: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(items, { maxLength: 3 })
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })

export const arbitraryEdits: fc.Arbitrary<ContainerEdits> = fc.record({
  env: list(variable),
  deviceNodes: list(
    fc.record({
      path: filled,
      hostPath: text,
      type: fc.constantFrom("", "b", "c", "u", "p"),
      ...{ major: fc.maxSafeNat(), minor: fc.maxSafeNat() },
      fileMode: maybe(id),
      permissions: fc.constantFrom("", "r", "rwm", "none"),
      ...{ uid: maybe(id), gid: maybe(id) },
    }),
  ),
  netDevices: fc
    .uniqueArray(filled, { maxLength: 3 })
    .map((names) => names.map((name) => ({ hostInterfaceName: name, name }))),
  hooks: list(
    fc.record({
      hookName: fc.constantFrom(
        "prestart",
        "createRuntime",
        "createContainer",
        "startContainer",
        "poststart",
        "poststop",
      ),
      ...{ path: filled, args: list(text), env: list(variable) },
      timeout: maybe(fc.maxSafeInteger()),
    }),
  ),
  mounts: list(fc.record({ hostPath: filled, containerPath: filled, options: list(text), type: text })),
  intelRdt: maybe(
    fc.record({
      closID: fc.constantFrom("", "/", "gold"),
      ...{ l3CacheSchema: text, memBwSchema: text },
      schemata: maybe(list(text)),
      enableMonitoring: fc.boolean(),
    }),
  ),
  additionalGids: list(id),
})

const annotations = fc.array(fc.tuple(text, text), { maxLength: 3 }).map((pairs) => new Map(pairs))

/** Valid, and of the lowest version that can say it. */
export const arbitrarySpec: fc.Arbitrary<CdiSpec> = fc
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
              containerEdits: arbitraryEdits.map((edits) => ({ ...edits, env: [...edits.env, "A=b"] })),
            }),
          ),
        ),
      ),
    containerEdits: fc.oneof(fc.constant(noEdits), arbitraryEdits),
  })
  .map((made) => {
    const spec: CdiSpec = { cdiVersion: "", ...made }
    return { ...spec, cdiVersion: minimumVersion(spec).version }
  })
