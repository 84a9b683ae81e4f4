/** A CDI specification that engines read: whether it is as it was, whether what it names is still there, and how it is taken from them. */

import { lstatSync, renameSync } from "node:fs"
import { parseSpec } from "../../core/cdi/read/parse-spec.ts"
import { type CdiSpec, editsWithPaths, hostPathOf, isBindMount } from "../../core/cdi/spec.ts"
import { unwritableFile } from "../../core/cdi/unwritable-file.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { attempt } from "../files/file-system.ts"
import { lstatIfThere, statIfThere } from "../files/stat-if-there.ts"
import { createLiveFiles } from "../live-files.ts"
import { readCdiFile } from "./read-cdi-directories.ts"

/** Tells one state of a file from another; empty: it is not there. */
export function fileStamp(path: string): string {
  const stat = statIfThere(path)
  return stat === undefined ? "" : [stat.dev, stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs].join(" ")
}

/** undefined: it is no specification, or cannot be read. */
export const kindIn = (path: string): string | undefined => readSpec(path)?.kind

function readSpec(path: string): CdiSpec | undefined {
  const read = readCdiFile(createLiveFiles(), path)
  const parsed = read.ok ? parseSpec({ path, bytes: read.value }) : undefined
  return parsed?.ok === true ? parsed.value.spec : undefined
}

/** Something that it gives containers is gone from this machine, so that an engine fails with it. What cannot be read is nobody's. */
export function isSpecStale(path: string): boolean {
  const spec = readSpec(path)
  if (spec === undefined) return false
  return editsWithPaths(spec).some(({ edits: { mounts, deviceNodes, hooks } }) =>
    [
      ...mounts.filter(isBindMount).map(({ hostPath }) => hostPath),
      ...deviceNodes.map(hostPathOf),
      // Those run in the container's root.
      ...hooks.filter(({ hookName }) => hookName !== "startContainer").map(({ path: program }) => program),
    ].some(isGone),
  )
}

/** Not what cannot be looked at just now, for want of memory or by a failing disk: a good specification would be taken away for it. */
function isGone(place: string): boolean {
  const looked = attempt(place, "lstat", () => lstatSync(place))
  if (looked.ok || looked.fault.tag !== "HostReadFailed") return false
  const { reason, errno } = looked.fault.data
  return reason === "absent" || errno === "ELOOP"
}

/** Engines read `.json` and `.yaml` and nothing else. Where it lies now; undefined: there was none. Faults: CdiFileUnwritable. */
export function withdrawSpec(path: string): Result<string | undefined> {
  const kept = `${path}.withdrawn`
  const moved = attempt(kept, "write", () => renameSync(path, kept))
  if (moved.ok) return ok(kept)
  return lstatIfThere(path) === undefined ? ok(undefined) : fail(unwritableFile(kept, moved.fault))
}
