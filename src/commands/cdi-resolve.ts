/** `gantry cdi resolve NAME…`: what a container gets that asks for several devices, or why it gets nothing. */

import { renderResolved, renderResolvedJson } from "../core/explain/render-resolved.ts"
import { ok } from "../core/fault/result.ts"
import { cdiShape, checkDirectories, misused, runAction } from "./cdi-flags.ts"
import { openMachine } from "./open-machine.ts"
import { resolveOn } from "./recall-cdi.ts"

const shape = cdiShape({
  usage: "resolve NAME… [--spec-dir DIR]… [--host live|DIR|FILE] [--json]",
  valued: ["spec-dir", "host"],
  switches: ["json"],
})

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, async (flags) => {
    if (flags.words.length === 0) return misused(shape, "resolve which device?")
    const directories = checkDirectories(flags, shape)
    if (!directories.ok) return directories
    const host = await openMachine(flags.values.get("host"))
    if (!host.ok) return host
    const resolved = await resolveOn(host.value, directories.value, flags.words)
    if (!resolved.ok) return resolved
    const render = flags.on.has("json") ? renderResolvedJson : renderResolved
    return ok({ text: render(resolved.value), exit: 0 })
  })
