/** `gantry cdi inspect NAME…`: what devices do to a container, each with where it stands. */

import { resolveDevices } from "../core/cdi/resolve-devices.ts"
import { renderCdiDevices, renderCdiDevicesJson } from "../core/explain/render-cdi-devices.ts"
import { ok } from "../core/fault/result.ts"
import { cdiShape, misused, runAction } from "./cdi-flags.ts"
import { readRegistry } from "./read-cdi.ts"

const shape = cdiShape({
  usage: "inspect NAME… [--spec-dir DIR]… [--host live|DIR|FILE] [--json]",
  valued: ["spec-dir", "host"],
  switches: ["json"],
})

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, (flags) => {
    if (flags.words.length === 0) return misused(shape, "inspect which device?")
    const registry = readRegistry(flags, shape)
    if (!registry.ok) return registry
    const resolved = resolveDevices(registry.value, flags.words)
    if (!resolved.ok) return resolved
    const render = flags.on.has("json") ? renderCdiDevicesJson : renderCdiDevices
    return ok({ text: render(resolved.value.devices), exit: 0 })
  })
