/** A driver of which only the libraries in named directories count, as the reference has it where somebody names directories. */

import type { DriverLibrary } from "../driver/catalogue.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import { hostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import { pathInRoot } from "../text/path-in-root.ts"

/** `named`: on the machine, clean; undefined: all count. Faults: DriverLibraryMissing. */
export function restrictLibraries(
  snapshot: HostSnapshot,
  named: readonly string[] | undefined,
): Result<HostSnapshot> {
  const { driver } = snapshot
  if (named === undefined || driver === undefined) return ok(snapshot)
  const directories = named.flatMap((path) => pathInRoot(path, driver.driverRoot) ?? [])
  const isNamed = (path: string): boolean =>
    directories.some(
      (directory) => path === directory || path === `${directory}/vdpau` || path === `${directory}/tls`,
    )
  const libraries = driver.libraries.filter(({ rootPath }) => isNamed(parentPath(rootPath)))
  if (driver.libraries.length > 0 && !libraries.some((one) => isTelling(one, directories)))
    return fail(
      fault("DriverLibraryMissing", {
        name: `libcuda.so.${driver.version}`,
        driverRoot: hostPath(named[0] ?? driver.driverRoot),
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

/** One of the two by which the reference knows the driver. */
const isTelling = ({ rootPath }: DriverLibrary, directories: readonly string[]): boolean =>
  /^lib(?:cuda|nvidia-ml)\.so\./.test(baseName(rootPath)) && directories.includes(parentPath(rootPath))
