/** The link by which libgbm finds the driver's allocator: `gbm/nvidia-drm_gbm.so` below a directory of libraries. Source: facts, toolkit §5.4. */

import type { RootView } from "../host/root-view.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { parentPath } from "../text/path.ts"
import type { DriverLibrary, FileLink } from "./catalogue.ts"
import { observeLink } from "./observe-link.ts"

/** Below a directory of libraries. */
export const gbmDirectory = "/gbm"

/** As the machine has it, else as the driver's installer would make it. Order: directories as given, then those of allocators. */
export function observeGbmLinks(
  view: RootView,
  directories: readonly HostPath[],
  libraries: readonly DriverLibrary[],
): readonly FileLink[] {
  const allocators = libraries.filter(
    ({ bits, soname }) => bits === 64 && soname.startsWith("libnvidia-allocator.so."),
  )
  const homes = new Map(allocators.map(({ rootPath, soname }) => [parentPath(rootPath), soname]))
  // A directory that was searched may hold links alone, to files that lie beside others.
  const places = new Set<string>([...directories, ...homes.keys()])
  return [...places].flatMap((directory): readonly FileLink[] => {
    const path = `${directory}${gbmDirectory}/nvidia-drm_gbm.so`
    // Libraries of 32 bits have the link and not what it names.
    if (view.exists(path)) return observeLink(view, path)
    const soname = homes.get(directory)
    return soname === undefined || view.readLink(path).ok
      ? []
      : [{ path: hostPath(path), target: `../${soname}` }]
  })
}
