/** A CDI specification that engines read: whether it is as it was, whether what it names is still there, and how it is taken from them. */

import { lstatSync, readFileSync, renameSync } from "node:fs"
import { parseSpec } from "../core/cdi/parse-spec.ts"
import { everyEdits, hostPathOf } from "../core/cdi/spec.ts"
import { lstatIfThere, statIfThere } from "./stat-if-there.ts"

/** Tells one state of a file from another; empty: it is not there. */
export function fileStamp(path: string): string {
  const stat = statIfThere(path)
  return stat === undefined ? "" : [stat.dev, stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs].join(" ")
}

/** Does it say exactly this, for everybody, and may nobody else change it? */
export function isSpecText(path: string, text: string): boolean {
  try {
    const stat = lstatSync(path)
    const isOurs = stat.isFile() && (stat.mode & 0o7777) === 0o644 && stat.uid === process.geteuid?.()
    return isOurs && readFileSync(path, "utf8") === text
  } catch {
    return false
  }
}

/** Something that it gives containers is gone from this machine, so that an engine fails with it. What cannot be read is nobody's. */
export function isSpecStale(path: string): boolean {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch {
    return false
  }
  const parsed = parseSpec({ path, bytes })
  if (!parsed.ok) return false
  return everyEdits(parsed.value.spec).some(({ edits: { mounts, deviceNodes, hooks } }) =>
    [
      ...mounts.map(({ hostPath }) => hostPath),
      ...deviceNodes.map(hostPathOf),
      // Those run in the container's root.
      ...hooks.filter(({ hookName }) => hookName !== "startContainer").map(({ path: program }) => program),
    ].some((place) => lstatIfThere(place) === undefined),
  )
}

/** Engines read `.json` and `.yaml` and nothing else. Where it lies now; undefined: there was none. */
export function withdrawSpec(path: string): string | undefined {
  const kept = `${path}.withdrawn`
  try {
    renameSync(path, kept)
    return kept
  } catch {
    return undefined
  }
}
