/** `gantry cdi validate`: everything that is wrong with the text of files, or of a machine's directories. */

import {
  isFaultless,
  renderValidation,
  renderValidationJson,
  type Validation,
} from "../../core/explain/render-cdi-validation.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import type { Flags } from "../flags.ts"
import { cdiShape, misused, runAction } from "./cdi-flags.ts"
import { readRegistry, readSpec } from "./read-cdi.ts"

const shape = cdiShape({
  usage: "validate FILE… [--json] | gantry cdi validate [--spec-dir DIR]… [--host live|DIR|FILE] [--json]",
  valued: ["spec-dir", "host"],
  switches: ["json"],
})

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, (flags) => {
    // Files are those of this machine, whatever else is said.
    if (flags.words.length > 0 && (flags.values.has("host") || flags.lists.has("spec-dir")))
      return misused(shape, "files are validated by themselves: --host and --spec-dir say nothing of them")
    const validation = flags.words.length > 0 ? ok(validateFiles(flags.words)) : validateDirectories(flags)
    if (!validation.ok) return validation
    const render = flags.on.has("json") ? renderValidationJson : renderValidation
    return ok({ text: render(validation.value), exit: isFaultless(validation.value) ? 0 : 1 })
  })

function validateDirectories(flags: Flags): Result<Validation> {
  const registry = readRegistry(flags, shape)
  return registry.ok ? ok({ valid: registry.value.specs, ...registry.value }) : registry
}

/** Files are those of this machine, each by itself. */
function validateFiles(paths: readonly string[]): Validation {
  const judged = paths.map((path) => ({ path, parsed: readSpec(path) }))
  return {
    valid: judged.flatMap(({ path, parsed }) => (parsed.ok ? [{ path, ...parsed.value }] : [])),
    rejected: judged.flatMap(({ path, parsed }) => (parsed.ok ? [] : [{ path, faults: parsed.fault }])),
    findings: [],
  }
}
