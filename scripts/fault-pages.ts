/** Writes the first version of a page for every fault that has none yet: what stays to be written is the prose. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { catalogue } from "../src/core/fault/fault.ts"

mkdirSync("docs/faults", { recursive: true })
for (const [tag, { code, exit }] of Object.entries(catalogue)) {
  const path = `docs/faults/${code}.md`
  if (existsSync(path)) continue
  writeFileSync(path, `# ${code} ${tag}\n\nExit status ${exit}.\n`)
  console.log(path)
}
