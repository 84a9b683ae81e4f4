/** CDI specifications in both formats: what is read can be written, and what was written is read as the same. */

import { diffSpecs } from "../../src/core/cdi/diff-specs.ts"
import { type ParsedSpec, parseSpec } from "../../src/core/cdi/read/parse-spec.ts"
import { readBlockYaml } from "../../src/core/cdi/read/read-block-yaml.ts"
import { readComposedYaml } from "../../src/core/cdi/read/read-yaml.ts"
import type { SpecNode } from "../../src/core/cdi/read/spec-node.ts"
import { buildRegistry } from "../../src/core/cdi/registry/registry.ts"
import { resolveDevices } from "../../src/core/cdi/registry/resolve-devices.ts"
import { renderSpec } from "../../src/core/cdi/render-spec.ts"
import { ok } from "../../src/core/fault/result.ts"
import { decodeUtf8, encodeUtf8 } from "../../src/core/text/utf8.ts"
import { bytesOf, cdiSpecs } from "../corpus.ts"
import { checkFault, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

function checkSpec({ spec, warnings }: ParsedSpec): string | undefined {
  for (const { fault } of warnings) {
    const problem = checkFault(fault)
    if (problem !== undefined) return problem
  }
  for (const format of ["json", "yaml"] as const) {
    const text = renderSpec(spec, format)
    const again = parseSpec({ path: `x.${format}`, bytes: encodeUtf8(text) })
    if (!again.ok) return `what was written as ${format} is refused: ${again.fault[0]?.tag}: ${text}`
    const [change] = diffSpecs(spec, again.value.spec)
    if (change !== undefined) return `what was written as ${format} is another: ${JSON.stringify(change)}`
    if (renderSpec(again.value.spec, format) !== text) return `${format} is not stable`
  }
  return undefined
}

/** What is read line by line is what the whole grammar reads, where each value begins included. */
function checkBlockYaml(input: Uint8Array): string | undefined {
  const text = decodeUtf8(input)
  const root = readBlockYaml(text)
  if (root === undefined) return undefined
  const whole = readComposedYaml(text)
  if (!whole.ok) return `the whole grammar refuses it: ${whole.problem}`
  return whole.root !== undefined && isSameTree(root, whole.root)
    ? undefined
    : "the whole grammar reads it otherwise"
}

function isSameTree(one: SpecNode, other: SpecNode): boolean {
  if (one.start !== other.start) return false
  if (one.kind === "map")
    return (
      other.kind === "map" &&
      one.entries.length === other.entries.length &&
      one.entries.every(({ key, keyStart, value }, index) => {
        const twin = other.entries[index]
        return twin?.key === key && twin.keyStart === keyStart && isSameTree(value, twin.value)
      })
    )
  if (one.kind === "list")
    return (
      other.kind === "list" &&
      one.items.length === other.items.length &&
      one.items.every((item, index) => isSameTree(item, other.items[index] ?? one))
    )
  if (one.kind === "null") return other.kind === "null"
  return one.kind === other.kind && "value" in other && Object.is(one.value, other.value)
}

function checkRegistry(bytes: Uint8Array): string | undefined {
  const path = "/etc/cdi/x.yaml"
  const registry = buildRegistry([{ path: "/etc/cdi", files: ok([{ path, bytes: ok(bytes) }]) }])
  const all = resolveDevices(registry, [...registry.devices.keys()])
  if (!all.ok) return "a device that is listed cannot be had"
  const none = resolveDevices(registry, [new TextDecoder().decode(bytes.subarray(0, 40))])
  return none.ok ? undefined : checkFault(none.fault)
}

export const cdiSpec: FuzzTarget = {
  name: "cdi-spec",
  weight: 4,
  seeds: () => cdiSpecs().map(bytesOf),
  tokens: [
    ...[
      "- ",
      ": ",
      "? ",
      "{",
      "}",
      "[",
      "]",
      ",",
      "'",
      '"',
      "#",
      "&a ",
      "*a",
      "!!str ",
      "!!int ",
      "<<: ",
      "|\n",
      ">-\n",
    ],
    ...[
      "---\n",
      "...\n",
      "\n  ",
      "\t",
      "\r",
      "~",
      "yes",
      "010",
      "1e3",
      "0.5",
      "%YAML 1.1\n",
      "\\u00e9",
      "\\x41",
      "\u0085",
    ],
    ...[
      "cdiVersion",
      "kind: ",
      "devices:",
      "name:",
      "containerEdits:",
      "mounts:",
      "intelRdt:",
      "netDevices:",
      "env:",
    ],
  ],
  check(input) {
    const otherwise = checkBlockYaml(input)
    if (otherwise !== undefined) return otherwise
    const parsed = parseSpec({ path: "x.yaml", bytes: input })
    if (parsed.ok) return firstOf(checkSpec(parsed.value), checkRegistry(input))
    if (parsed.fault.length === 0) return "refused without a reason"
    return firstOf(...parsed.fault.map(checkFault), checkRegistry(input))
  },
}
