/** Directories of specifications that somebody has named and that are not there. */

import type { Finding } from "../../core/fault/finding.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { hostPath } from "../../core/text/brand.ts"

/** A directory that is not there is an empty one to engines; to who has named it, a slip of the pen. */
export const absentDirectories = (host: HostFiles, directories: readonly string[]): readonly Finding[] =>
  directories.map(hostPath).flatMap((directory): readonly Finding[] => {
    // Listed only to have the fault: a directory that is there may be large.
    const read = host.exists(directory) ? undefined : host.readDir(directory)
    return read === undefined ||
      read.ok ||
      read.fault.tag !== "HostReadFailed" ||
      read.fault.data.reason !== "absent"
      ? []
      : [{ severity: "warning", fault: read.fault, evidence: [] }]
  })
