/** `gantry cdi diff FILE FILE`: what two files do differently to containers. */

import { diffSpecs } from "../core/cdi/diff-specs.ts"
import type { CdiSpec } from "../core/cdi/spec.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok } from "../core/fault/result.ts"
import { escapeControl } from "../core/text/escape.ts"
import { cdiShape, misused, runAction } from "./cdi-flags.ts"
import { readSpec } from "./read-cdi.ts"

const shape = cdiShape({ usage: "diff FILE FILE [--json]", valued: [] })

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, (flags) => {
    if (flags.words.length !== 2) return misused(shape, "diff takes two files")
    const specs: CdiSpec[] = []
    for (const path of flags.words) {
      const parsed = readSpec(path)
      if (!parsed.ok) return fail(parsed.fault[0] ?? fault("CdiTextEmpty", { file: path }))
      specs.push(parsed.value.spec)
    }
    const changes = diffSpecs(...(specs as [CdiSpec, CdiSpec]))
    const lines = changes.map(({ where, field, change, what }) =>
      escapeControl(
        `${change === "added" ? "+" : "-"} ${[where, field, what].filter((word) => word !== "").join(" ")}`,
      ),
    )
    const text = flags.on.has("json")
      ? `${JSON.stringify({ version: 1, changes }, null, 2)}\n`
      : lines.length === 0
        ? "no difference for containers\n"
        : `${lines.join("\n")}\n`
    return ok({ text, exit: 0 })
  })
