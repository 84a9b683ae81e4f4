/** The driver's programs, each from the first directory that has one of its name. Source: facts, toolkit §5.4. */

import { fileAt } from "../host/file-at.ts"
import type { RootView } from "../host/root-view.ts"
import { hostPath } from "../text/brand.ts"
import type { DriverBinary } from "./catalogue.ts"
import { binariesBeyond, binariesOf } from "./files.ts"
import { reasonsByName } from "./reasons-by-name.ts"

/** Inside the driver root. Order: of search. */
export const binaryDirectories: readonly string[] = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
  "/run/current-system/sw/bin",
]

/** Order: the reference's table, then ours. */
export function observeBinaries(view: RootView): readonly DriverBinary[] {
  return [...reasonsByName(binariesOf, binariesBeyond)].flatMap(
    ([name, reasons]): readonly DriverBinary[] => {
      const found = binaryDirectories
        .map((directory) => `${directory}/${name}`)
        .find((path) => isProgram(view, path))
      if (found === undefined) return []
      const capabilities = reasons
        .flatMap((reason) => ("capability" in reason ? [reason.capability] : []))
        .sort()
      return [{ path: view.place(found), rootPath: hostPath(found), capabilities, reasons }]
    },
  )
}

/** Somebody may run it. */
const isProgram = (view: RootView, path: string): boolean => ((fileAt(view, path)?.mode ?? 0) & 0o111) !== 0
