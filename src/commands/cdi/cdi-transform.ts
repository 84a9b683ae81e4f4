/** `gantry cdi transform root`: a specification for a driver whose files lie below another root than it says. */

import { formatOf, renderSpec } from "../../core/cdi/render-spec.ts"
import { raiseVersion } from "../../core/cdi/rules/raise-version.ts"
import { transformRoot } from "../../core/cdi/transform-root.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { replaceFile } from "../../host/files/replace-file.ts"
import type { Flags } from "../flags.ts"
import { isStandardOutput } from "../standard-output.ts"
import { type Answer, cdiShape, misused, runAction } from "./cdi-flags.ts"
import { readValidSpec } from "./read-cdi.ts"
import { parseFormat } from "./spec-call.ts"

const shape = cdiShape({
  usage:
    "transform root FILE --from DIR --to DIR [--relative-to host|container] [--format yaml|json] [-o FILE]",
  valued: ["from", "to", "relative-to", "format", "output"],
})

export const run = (args: readonly string[]): Promise<number> => runAction(args, shape, transform)

/** Faults: UsageInvalid, HostReadFailed, CdiFileUnreadable, and those of parseSpec. */
function transform({ words, values }: Flags): Result<Answer> {
  const [what, file, ...more] = words
  if (what !== "root" || file === undefined || more.length > 0) return misused(shape, "say root and a file")
  const [from, to] = [values.get("from"), values.get("to")]
  if (from === undefined || to === undefined || !from.startsWith("/") || !to.startsWith("/"))
    return misused(shape, "--from and --to are absolute paths")
  const relativeTo = values.get("relative-to") ?? "host"
  if (relativeTo !== "host" && relativeTo !== "container")
    return misused(shape, `--relative-to is host or container, not ${JSON.stringify(relativeTo)}`)
  const output = values.get("output") ?? "-"
  if (output === "") return misused(shape, "a file's name is not empty")
  // Printed it is in the format of what was read.
  const format = parseFormat(
    values.get("format") ?? formatOf(isStandardOutput(output) ? file : output),
    output,
  )
  if (!format.ok) return misused(shape, format.fault)
  const spec = readValidSpec(file)
  if (!spec.ok) return spec
  const moved = raiseVersion(transformRoot(spec.value, { from, to, relativeTo }))
  const text = renderSpec(moved, format.value)
  if (isStandardOutput(output)) return ok({ text, exit: 0 })
  const written = replaceFile(output, text, 0o644)
  return written.ok ? ok({ text: "", exit: 0 }) : fail(written.fault)
}
