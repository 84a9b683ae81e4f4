/** What the commands that look at a machine share: which machine, and where its driver lies. */

import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { SaidPlaces } from "../../core/plan/choose-snapshot-options.ts"
import type { FlagShape, Flags } from "../flags.ts"
import { usageFault } from "../flags.ts"

export const machineFlags: readonly string[] = [
  "host",
  "driver-root",
  "dev-root",
  "ldcache",
  "library-search-path",
]
/** Where its driver lies. */
export const placesUsage =
  "[--driver-root DIR] [--dev-root DIR] [--ldcache FILE] [--library-search-path DIR,…]"
export const machineUsage: string = `[--host live|DIR|FILE] ${placesUsage}`

/** What the command line says of where to look. Faults: UsageInvalid. */
export function saidPlaces({ values }: Flags, shape: FlagShape): Result<SaidPlaces> {
  const ldcache = values.get("ldcache") ?? "/etc/ld.so.cache"
  const searchPaths = (values.get("library-search-path") ?? "").split(/[,:]/).filter((path) => path !== "")
  const named = values.get("driver-root")
  const devRoot = values.get("dev-root")
  for (const path of [ldcache, ...searchPaths, named ?? "/", devRoot ?? "/"])
    if (!path.startsWith("/"))
      return fail(usageFault(shape, `${JSON.stringify(path)} is not an absolute path`))
  return ok({ driverRoot: named, devRoot, ldcache, searchPaths })
}
