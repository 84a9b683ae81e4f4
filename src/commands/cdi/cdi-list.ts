/** `gantry cdi list`: which file each device comes from, and what is wrong with files and names. */

import { renderCdiList, renderCdiListJson } from "../../core/explain/render-cdi-list.ts"
import { ok } from "../../core/fault/result.ts"
import { cdiShape, directoriesOf, runAction, unexpected } from "./cdi-flags.ts"
import { readRegistry } from "./read-cdi.ts"

const shape = cdiShape({
  usage: "list [--spec-dir DIR]… [--host live|DIR|FILE] [--json]",
  valued: ["spec-dir", "host"],
  switches: ["json"],
})

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, (flags) => {
    if (flags.words.length > 0) return unexpected(shape, flags.words[0])
    const registry = readRegistry(flags, shape)
    if (!registry.ok) return registry
    const text = flags.on.has("json")
      ? renderCdiListJson(registry.value, directoriesOf(flags))
      : renderCdiList(registry.value)
    return ok({ text, exit: 0 })
  })
