/**
 * Variables that the wrapper's modes set: no other tool shall serve the container again, and programs learn where libcuda is. A hook
 * comes too late for any. Source: facts, toolkit §5.3.
 */

import type { DriverCatalogue, DriverLibrary } from "../driver/catalogue.ts"
import { parentPath } from "../text/path.ts"
import type { PlanContext, PlanPart } from "./plan-part.ts"

export function planEnvironment(
  { mode, because, driver }: PlanContext,
  libraries: readonly DriverLibrary[],
): PlanPart {
  if (mode === "legacy") return { edits: [] }
  const reasons = because.devices
  const directories = libraryDirectories(driver, libraries)
  return {
    edits: [
      ...(directories.length === 0
        ? []
        : [{ kind: "env", name: "NVIDIA_CTK_LIBCUDA_DIR", value: directories.join(":"), reasons } as const]),
      { kind: "env", name: "NVIDIA_VISIBLE_DEVICES", value: "void", reasons },
    ],
  }
}

/** Below a directory of libraries, with a few that programs do not look for by themselves. */
const isBelow = /\/(?:tls|vdpau)$/

/** Of libraries that have the driver's version. Order: of search, then where links led that were found there. */
function libraryDirectories(
  { directories, version }: DriverCatalogue,
  libraries: readonly DriverLibrary[],
): readonly string[] {
  const own = libraries.filter(({ bits, rootPath }) => bits === 64 && rootPath.endsWith(`.so.${version}`))
  const holding = new Set<string>(own.map(({ rootPath }) => parentPath(rootPath)))
  const searched = new Set<string>(directories.filter((directory) => holding.has(directory)))
  return [...searched, ...[...holding].filter((one) => !searched.has(one) && !isBelow.test(one))]
}
