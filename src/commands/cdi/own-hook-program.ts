/**
 * The program that generated hooks call when nobody names one: this executable serves them too, by the launcher beside it, so that nothing that
 * an engine hands on of an image's environment reaches it.
 */

import { existsSync, readlinkSync } from "node:fs"
import { baseName, parentPath } from "../../core/text/path.ts"

/** Run from source, it is taken to be installed in the usual place. */
export function ownHookProgram(
  own = readlinkSync("/proc/self/exe"),
  isThere: (path: string) => boolean = existsSync,
): string {
  // The kernel's word for a file that was replaced: a newer one has come to the same place while this process went on.
  const place = own.replace(/ \(deleted\)$/, "")
  if (baseName(place) !== "gantry") return "/usr/local/bin/gantry-launcher"
  // A build without a C compiler has none.
  const launcher = `${parentPath(place)}/gantry-launcher`
  return isThere(launcher) ? launcher : place
}
