/** The program that generated hooks call when nobody names one: this executable serves them too. */

import { readlinkSync } from "node:fs"
import { baseName } from "../core/text/path.ts"

/** Run from source, it is taken to be installed in the usual place. */
export function ownHookProgram(): string {
  const own = readlinkSync("/proc/self/exe")
  return baseName(own) === "gantry" ? own : "/usr/local/bin/gantry"
}
