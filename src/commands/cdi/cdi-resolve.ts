/** `gantry cdi resolve NAME…`: what a container gets that asks for several devices, or why it gets nothing. */

import { renderResolved, renderResolvedJson } from "../../core/explain/render-resolved.ts"
import { ok } from "../../core/fault/result.ts"
import { cdiShape, misused, runAction } from "./cdi-flags.ts"
import { resolveSaid } from "./recall-cdi.ts"
import { problemsJson, tellProblems } from "./tell-problems.ts"

const shape = cdiShape({
  usage: "resolve NAME… [--spec-dir DIR]… [--host live|DIR|FILE] [--json]",
  valued: ["spec-dir", "host"],
  switches: ["json"],
})

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, async (flags) => {
    if (flags.words.length === 0) return misused(shape, "resolve which device?")
    const found = await resolveSaid(flags, shape)
    if (!found.ok) return found
    const { resolved, problems } = found.value
    if (flags.on.has("json"))
      return ok({ text: renderResolvedJson(resolved, await problemsJson(problems)), exit: 0 })
    await tellProblems(problems)
    return ok({ text: renderResolved(resolved), exit: 0 })
  })
