/** Edits of CDI specifications applied to a container's config.json: what they do not concern stays, and twice is no more than once. */

import { type ApplyOptions, applyEdits } from "../../src/core/cdi/edits/apply-edits.ts"
import { mergeEdits } from "../../src/core/cdi/edits/merge-edits.ts"
import { parseSpec } from "../../src/core/cdi/read/parse-spec.ts"
import { type ContainerEdits, editsWithPaths, noEdits } from "../../src/core/cdi/spec.ts"
import { transformRoot } from "../../src/core/cdi/transform-root.ts"
import { parseJson } from "../../src/core/oci/json.ts"
import { bytesOf, cdiSpecs, hookTexts } from "../corpus.ts"
import { checkFault, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

const separator = "\n%%%\n"

const options: ApplyOptions = {
  findHostNode: (path) =>
    path.length % 2 === 0 ? undefined : { type: "c", major: 195, minor: 3, fileMode: 0o666 },
  bindOwners: "mapped",
  hookEnvironment: ["PATH=/bin"],
}

const touched = /^(?:process|mounts|hooks|linux)$/i

/** Members at the top that no edit concerns, as they are written. */
function untouched(text: string): readonly string[] | undefined {
  const parsed = parseJson(text)
  if (!parsed.ok || parsed.value.kind !== "object") return undefined
  return parsed.value.members
    .filter(({ key }) => !touched.test(key))
    .map(({ keyStart, value }) => text.slice(keyStart, value.end))
}

function checkEdits(text: string, edits: ContainerEdits): string | undefined {
  const nothing = applyEdits(text, noEdits, options)
  if (nothing.ok && nothing.value !== text) return "no edit changed something"
  const once = applyEdits(text, edits, options)
  if (!once.ok) return checkFault(once.fault)
  // Edits may come to nothing, also where what stands there is no object.
  if (once.value === text) return undefined
  const after = untouched(once.value)
  if (after === undefined) return parseJson(text).ok ? "the result is no object of JSON" : undefined
  if (JSON.stringify(after) !== JSON.stringify(untouched(text) ?? []))
    return "what no edit concerns has changed"
  const quiet = { ...edits, hooks: [], deviceNodes: [] }
  const again = applyEdits(once.value, quiet, options)
  if (!again.ok) return `what was edited once cannot be edited again: ${again.fault.tag}`
  const third = applyEdits(again.value, quiet, options)
  return third.ok && third.value === again.value ? undefined : "edits that are there already change something"
}

export const cdiEdits: FuzzTarget = {
  name: "cdi-edits",
  weight: 4,
  seeds() {
    const configs = [...new Set(hookTexts().map(({ spec }) => spec))].filter((text) => text.startsWith("{"))
    return cdiSpecs().map((spec, index) =>
      bytesOf(`${spec}${separator}${configs[index % configs.length] ?? "{}"}`),
    )
  },
  tokens: [
    ...[separator, "{", "}", "[", "]", ",", ":", '"', "null", "0", "- ", "\n  "],
    ...[
      '"process":',
      '"env":',
      '"mounts":',
      '"hooks":',
      '"linux":',
      '"devices":',
      '"resources":',
      '"user":',
      '"uid":1',
    ],
  ],
  check(input) {
    const [specText = "", configText = "{}"] = new TextDecoder("utf-8", { ignoreBOM: true })
      .decode(input)
      .split(separator)
    const parsed = parseSpec({ path: "x.yaml", bytes: bytesOf(specText) })
    if (!parsed.ok) return undefined
    const moved = transformRoot(parsed.value.spec, { from: "/dev", to: "/x/dev", relativeTo: "host" })
    return firstOf(
      ...[parsed.value.spec, moved].map((spec) =>
        checkEdits(configText, mergeEdits(editsWithPaths(spec).map(({ edits }) => edits))),
      ),
    )
  },
}
