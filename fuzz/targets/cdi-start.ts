/**
 * A container that asks for every device of two specifications: what is planned can be kept and comes back as it was, a second start adds no
 * hook, and what cannot be given is a fault.
 */

import { addCdiDevices } from "../../src/apply/add-cdi-devices.ts"
import { buildRegistry, type Registry } from "../../src/core/cdi/registry/registry.ts"
import { ok } from "../../src/core/fault/result.ts"
import { isSameKey } from "../../src/core/oci/decode.ts"
import { parseJson } from "../../src/core/oci/json.ts"
import type { CdiDeviceEdit } from "../../src/core/plan/edit.ts"
import { planCdiDevices } from "../../src/core/plan/plan-cdi-devices.ts"
import { askedDevices } from "../../src/core/request/asked-devices.ts"
import { parseConfig } from "../../src/core/request/parse-config.ts"
import { createReasonLog } from "../../src/core/request/reason.ts"
import { createMemoryHost } from "../../src/host/memory.ts"
import { specifiedMachine } from "../../src/host/specified-machine.ts"
import { bytesOf, cdiSpecs, hookTexts } from "../corpus.ts"
import { checkFault } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

const separator = "\n%%%\n"
const host = {
  ...createMemoryHost({
    "/dev/a": { kind: "character", major: 1, minor: 3 },
    "/dev/b": { kind: "block", major: 7, minor: 0 },
  }),
  provenance: { kind: "live", name: "fuzzed" },
} as const

const registryOf = (texts: readonly string[]): Registry =>
  buildRegistry(
    texts.map((text, index) => ({
      path: `/cdi/${index}`,
      files: ok([{ path: `/cdi/${index}/x.yaml`, bytes: ok(bytesOf(text)) }]),
    })),
  )

function checkStart(registry: Registry, devices: readonly string[], spec: string): string | undefined {
  const parsed = parseConfig("", undefined)
  if (!parsed.ok) return "no configuration"
  const asked = askedDevices({ devices }, "cdi", parsed.value.config)
  const input = { asked, registry, ...specifiedMachine(host), isOwn: () => false }
  const planned = planCdiDevices(input, createReasonLog())
  if (!planned.ok) return checkFault(planned.fault)
  const { edits } = planned.value
  const once = addCdiDevices(spec, edits, host)
  if (!once.ok) return checkFault(once.fault)
  const kept = JSON.parse(JSON.stringify(edits)) as readonly CdiDeviceEdit[]
  const again = addCdiDevices(spec, kept, host)
  if (!again.ok || again.value !== once.value) return "what was kept gives something else"
  const twice = addCdiDevices(once.value, edits, host)
  if (!twice.ok) return `what was edited once cannot be edited again: ${twice.fault.tag}`
  return countHooks(twice.value) === countHooks(once.value) ? undefined : "a second start adds a hook"
}

/** Whatever stands where hooks belong. */
function countHooks(text: string): number {
  const parsed = parseJson(text)
  const root = parsed.ok && parsed.value.kind === "object" ? parsed.value.members : []
  const hooks = root.find(({ key }) => isSameKey(key, "hooks"))?.value
  const lists = hooks?.kind === "object" ? hooks.members.map(({ value }) => value) : []
  return lists.reduce((sum, list) => sum + (list.kind === "array" ? list.items.length : 0), 0)
}

export const cdiStart: FuzzTarget = {
  name: "cdi-start",
  weight: 3,
  seeds() {
    const configs = [...new Set(hookTexts().map(({ spec }) => spec))].filter((text) => text.startsWith("{"))
    const specs = cdiSpecs()
    return specs.map((spec, index) =>
      bytesOf([spec, specs[(index * 7 + 1) % specs.length], configs[index % configs.length]].join(separator)),
    )
  },
  tokens: [
    separator,
    "/dev/a",
    "/dev/b",
    "hostPath: ",
    "kind: ",
    "hooks: ",
    "name: ",
    '"hooks":',
    "none",
    "all",
  ],
  check(input) {
    const [first = "", second = "", spec = "{}"] = new TextDecoder("utf-8", { ignoreBOM: true })
      .decode(input)
      .split(separator)
    const registry = registryOf([first, second])
    const names = [...registry.devices.keys()]
    return (
      checkStart(registry, names, spec) ?? checkStart(registry, [...names, "vendor.com/x=gone", ""], spec)
    )
  },
}
