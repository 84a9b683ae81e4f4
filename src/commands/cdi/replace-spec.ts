/** A specification's file replaced by what was made anew: old or new at every moment, with what it was beside it. */

import { closeSync, constants, fstatSync, openSync } from "node:fs"
import { diffSpecs } from "../../core/cdi/diff-specs.ts"
import { parseSpec } from "../../core/cdi/read/parse-spec.ts"
import { specLimitBytes } from "../../core/cdi/read/spec-limit.ts"
import { formatOf, renderSpec } from "../../core/cdi/render-spec.ts"
import type { CdiSpec } from "../../core/cdi/spec.ts"
import { unwritableFile } from "../../core/cdi/unwritable-file.ts"
import type { FixedFile } from "../../core/explain/render-cdi-verification.ts"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { hostPath } from "../../core/text/brand.ts"
import { attempt } from "../../host/files/file-system.ts"
import { readUpTo } from "../../host/files/read-up-to.ts"
import { putFile, whereItLies } from "../../host/files/replace-file.ts"
import { createLiveFiles } from "../../host/live-files.ts"
import { writeSpecAt } from "./write-spec-file.ts"

export interface Renewal {
  readonly file: string
  readonly judged: CdiSpec
  /** As the machine calls its own. */
  readonly renewed: CdiSpec
  /** As the file says it. */
  readonly written: CdiSpec
  readonly unplace: (spec: CdiSpec) => CdiSpec
}

/** undefined: it is right by now. Faults: CdiFileUnwritable. */
export function replaceSpec(
  { file, judged, renewed, written, unplace }: Renewal,
  host: HostFiles,
  areNamed: boolean,
): Result<FixedFile | undefined> {
  const named = areNamed ? file : host.livePath(hostPath(file))
  if (named === undefined) return fail(fault("CdiFileUnwritable", { file, reason: "refused", errno: "" }))
  // Behind a link: what manages the file made it on purpose.
  const place = attempt(named, "lstat", () => whereItLies(named))
  if (!place.ok) return fail(unwritableFile(file, place.fault))
  const path = place.value
  const previous = readPrevious(path)
  if (!previous.ok) return previous
  const parsed = parseSpec({ path: file, bytes: previous.value.bytes })
  const current = parsed.ok ? unplace(parsed.value.spec) : undefined
  // Under another name it was made anew a moment ago.
  if (current !== undefined && diffSpecs(current, renewed).length === 0) return ok(undefined)
  if (current === undefined || diffSpecs(current, judged).length > 0)
    return fail(fault("CdiFileUnwritable", { file, reason: "changed", errno: "" }))
  const kept = putFile(`${path}.previous`, previous.value.bytes, previous.value.mode)
  if (!kept.ok) return fail(unwritableFile(`${path}.previous`, kept.fault))
  // A file that was named may have an ending that engines do not read, and keeps it.
  const done = writeSpecAt(renderSpec(written, formatOf(file)), path)
  if (!done.ok) return done
  return ok({
    file,
    previous: `${isLink(file, host, areNamed) ? path : file}.previous`,
    added: namesBeside(renewed, judged),
    removed: namesBeside(judged, renewed),
  })
}

interface PreviousFile {
  readonly bytes: Uint8Array
  readonly mode: number
}

/** Faults: CdiFileUnwritable. */
function readPrevious(path: string): Result<PreviousFile> {
  const read = attempt(path, "read", () => {
    // Another thing may lie there by now, and who opens a FIFO waits for its other end.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(descriptor)
      return stat.isFile()
        ? { bytes: readUpTo(descriptor, stat.size, specLimitBytes + 1), mode: stat.mode & 0o777 }
        : undefined
    } finally {
      closeSync(descriptor)
    }
  })
  if (!read.ok) return fail(unwritableFile(path, read.fault))
  return read.value === undefined
    ? fail(fault("CdiFileUnwritable", { file: path, reason: "replaced", errno: "" }))
    : ok(read.value)
}

/** A file of the machine's directories is called as the machine calls it. */
function isLink(file: string, host: HostFiles, isNamed: boolean): boolean {
  const stat = (isNamed ? createLiveFiles() : host).lstat(hostPath(file))
  return stat.ok && stat.value.kind === "symlink"
}

/** Names of devices that the other has not. */
function namesBeside({ devices }: CdiSpec, other: CdiSpec): readonly string[] {
  const known = new Set(other.devices.map(({ name }) => name))
  return devices.map(({ name }) => name).filter((name) => !known.has(name))
}
