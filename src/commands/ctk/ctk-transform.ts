/** `nvidia-ctk cdi transform root`: the same specification for a machine, or a container, whose root lies elsewhere. */

import { parseSpec, parseUnversioned } from "../../core/cdi/read/parse-spec.ts"
import { unreadableFile } from "../../core/cdi/registry/unreadable-file.ts"
import { formatOf, renderSpec } from "../../core/cdi/render-spec.ts"
import { raiseVersion } from "../../core/cdi/rules/raise-version.ts"
import { transformRoot } from "../../core/cdi/transform-root.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { readCdiFile } from "../../host/cdi/read-cdi-directories.ts"
import { createLiveFiles } from "../../host/live-files.ts"
import { validOf } from "../cdi/read-cdi.ts"
import { type CtkSurroundings, deliver, showHelp } from "./ctk-action.ts"
import { type CtkShape, ctkHelp, ctkUsageFault, parseCtkFlags } from "./ctk-flags.ts"

const shape: CtkShape = {
  program: "nvidia-ctk cdi transform root",
  flags: {
    from: { takes: "text" },
    to: { takes: "text" },
    input: { takes: "text" },
    output: { takes: "text" },
    "relative-to": { takes: "text" },
  },
}

/** A file's ending chooses the form, as for a generated one. Nothing is written that no engine reads. Faults: UsageInvalid, CdiFileUnreadable, those of parseSpec. */
export async function run(args: readonly string[], { variable }: CtkSurroundings): Promise<Result<true>> {
  const flags = parseCtkFlags(args, shape, variable)
  if (!flags.ok) return flags
  if (flags.value.isHelpAsked) return showHelp(ctkHelp(shape))
  const relativeTo = flags.value.text("relative-to") ?? "host"
  if (relativeTo !== "host" && relativeTo !== "container")
    return fail(ctkUsageFault(shape, `invalid --relative-to value: ${relativeTo}`))
  const input = flags.value.text("input") ?? "-"
  const bytes = input === "-" ? ok(await Bun.stdin.bytes()) : readCdiFile(createLiveFiles(), input)
  if (!bytes.ok) return fail(unreadableFile(input, bytes.fault))
  const path = input === "-" ? "standard input" : input
  const written = validOf(parseUnversioned({ path, bytes: bytes.value }))
  if (!written.ok) return written
  const moved = transformRoot(written.value, {
    from: flags.value.text("from") ?? "",
    to: flags.value.text("to") ?? "",
    relativeTo,
  })
  const output = flags.value.text("output") ?? ""
  // A node that has got a place of its own on the machine needs a newer version than one that had none.
  const raised = raiseVersion(moved)
  // A root that is replaced by nothing leaves paths that are none.
  const bytesAgain = encodeUtf8(renderSpec(raised, "json"))
  const again = validOf(parseSpec({ path: output === "" ? "standard output" : output, bytes: bytesAgain }))
  return again.ok ? deliver(renderSpec(raised, formatOf(output)), formatOf(output), output) : again
}
