/**
 * The name that loaders make of a key, which in YAML may be more than a text. Source: observed on the reference's loader
 * (tests/core/cdi/read/read-yaml.test.ts).
 */

import { floatText } from "./resolve-plain.ts"
import type { SpecNode } from "./spec-node.ts"

/** undefined: no loader makes a name of it. */
export function keyText(node: SpecNode): string | undefined {
  switch (node.kind) {
    case "text":
      return node.value
    case "integer":
      return node.value < 2n ** 63n ? String(node.value) : undefined
    case "float":
      return floatKey(node.value)
    case "boolean":
      return String(node.value)
    default:
      return undefined
  }
}

/** As floatText, but for what is no number of a float32: there the loader writes YAML's own words. */
function floatKey(value: number): string {
  if (Number.isNaN(value)) return ".nan"
  if (Number.isFinite(Math.fround(value))) return floatText(value)
  return value > 0 ? ".inf" : "-.inf"
}
