/** The program that generated hooks call when nobody names one: this executable serves them too. */

import { readlinkSync } from "node:fs"
import { baseName } from "../core/text/path.ts"

/** Run from source, it is taken to be installed in the usual place. */
export function ownHookProgram(own = readlinkSync("/proc/self/exe")): string {
  // The kernel's word for a file that was replaced: a newer one has come to the same place while this process went on.
  const place = own.replace(/ \(deleted\)$/, "")
  return baseName(place) === "gantry" ? place : "/usr/local/bin/gantry"
}
