/** What the reference asks of directories that somebody names for the driver's libraries: that one of the two by which it knows a driver is there. */

import type { DriverLibrary } from "../driver/catalogue.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import { hostPath } from "../text/brand.ts"
import { baseName } from "../text/path.ts"

/** `named`: the only ones that were searched; undefined: nobody named any. Faults: DriverLibraryMissing. */
export function checkNamedDirectories(
  { driver }: Pick<HostSnapshot, "driver">,
  named: readonly string[] | undefined,
): Result<true> {
  if (named === undefined || driver === undefined || driver.libraries.some(isTelling)) return ok(true)
  return fail(
    fault("DriverLibraryMissing", {
      name: `libcuda.so.${driver.version}`,
      driverRoot: hostPath(named[0] ?? driver.driverRoot),
    }),
  )
}

const isTelling = ({ rootPath }: DriverLibrary): boolean =>
  /^lib(?:cuda|nvidia-ml)\.so\./.test(baseName(rootPath))
