/** `gantry version`. */

import { writeSync } from "node:fs"
import { version } from "../version.ts"

export function run(): number {
  writeSync(1, `gantry ${version}\n`)
  return 0
}
