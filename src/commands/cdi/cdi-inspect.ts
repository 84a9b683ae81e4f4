/** `gantry cdi inspect NAME…`: what devices do to a container, each with where it stands. */

import { registryProblems } from "../../core/cdi/registry/registry-findings.ts"
import { resolveDevices } from "../../core/cdi/registry/resolve-devices.ts"
import { renderCdiDevices, renderCdiDevicesJson } from "../../core/explain/render-cdi-devices.ts"
import { ok } from "../../core/fault/result.ts"
import { cdiShape, misused, runAction } from "./cdi-flags.ts"
import { readRegistry } from "./read-cdi.ts"
import { problemsJson, tellAbsent, tellProblems } from "./tell-problems.ts"

const shape = cdiShape({
  usage: "inspect NAME… [--spec-dir DIR]… [--host live|DIR|FILE] [--json]",
  valued: ["spec-dir", "host"],
  switches: ["json"],
})

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, async (flags) => {
    if (flags.words.length === 0) return misused(shape, "inspect which device?")
    const registry = readRegistry(flags, shape)
    if (!registry.ok) return registry
    const resolved = resolveDevices(registry.value, flags.words)
    if (!resolved.ok) {
      await tellAbsent(registry.value.findings)
      return resolved
    }
    const { devices } = resolved.value
    const problems = registryProblems(registry.value)
    if (flags.on.has("json"))
      return ok({ text: renderCdiDevicesJson(devices, await problemsJson(problems)), exit: 0 })
    await tellProblems(problems)
    return ok({ text: renderCdiDevices(devices), exit: 0 })
  })
