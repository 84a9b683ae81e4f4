/** A driver of which only the libraries in named directories count, as the reference has it where somebody names directories. */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import { hostPath } from "../text/brand.ts"
import { joinPath, parentPath } from "../text/path.ts"

/** `named` undefined: all count. Faults: DriverLibraryMissing. */
export function restrictLibraries(
  snapshot: HostSnapshot,
  named: readonly string[] | undefined,
): Result<HostSnapshot> {
  const { driver } = snapshot
  if (named === undefined || driver === undefined) return ok(snapshot)
  const directories = named.map((path) => joinPath(path))
  const isNamed = (path: string): boolean =>
    directories.some(
      (directory) => path === directory || path === `${directory}/vdpau` || path === `${directory}/tls`,
    )
  const libraries = driver.libraries.filter(({ rootPath }) => isNamed(parentPath(rootPath)))
  if (driver.libraries.length > 0 && libraries.length === 0)
    return fail(
      fault("DriverLibraryMissing", {
        name: `libcuda.so.${driver.version}`,
        driverRoot: hostPath(joinPath(driver.driverRoot, directories[0] ?? "")),
      }),
    )
  const holding = new Set<string>(directories)
  return ok({
    ...snapshot,
    driver: {
      ...driver,
      libraries,
      directories: driver.directories.filter((path) => holding.has(path)),
      links: driver.links.filter(({ path }) => isNamed(parentPath(parentPath(path)))),
    },
  })
}
