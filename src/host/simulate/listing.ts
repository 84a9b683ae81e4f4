/**
 * A machine as a list of its paths, one a line: `type mode uid:gid size-or-major:minor path [-> target]`, `#` begins a comment, `-`
 * stands for what a type does not have. It says what lies where, not what stands in it. Format: docs/simulate.md.
 */

import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { cleanPath, parentPath } from "../../core/text/path.ts"

export type ListedEntry =
  | {
      readonly kind: "dir" | "sock"
      readonly path: string
      readonly mode: number
      readonly uid: number
      readonly gid: number
    }
  | {
      readonly kind: "file"
      readonly path: string
      readonly mode: number
      readonly uid: number
      readonly gid: number
      /** Units: bytes. */
      readonly sizeBytes: number
    }
  | {
      readonly kind: "char"
      readonly path: string
      readonly mode: number
      readonly uid: number
      readonly gid: number
      readonly major: number
      readonly minor: number
    }
  | { readonly kind: "link"; readonly path: string; readonly target: string }

const entryLimit = 200_000
/** A machine of holes takes no room, and a size beyond this is no driver's. Units: bytes. */
const sizeLimit = 16 * 1024 ** 3

const line =
  /^(dir|file|link|char|sock) (-|[0-7]{1,4}) (-|\d{1,10}:\d{1,10}) (-|\d{1,15}|\d{1,7}:\d{1,7}) (\/.*?)(?: -> (.+))?$/

/** Order: as listed. Faults: ListingInvalid, with the line. */
export function parseListing(text: string, name: string): Result<readonly ListedEntry[]> {
  const entries: ListedEntry[] = []
  const kinds = new Map<string, ListedEntry["kind"]>()
  const rows = text.split("\n")
  for (const [index, row] of rows.entries()) {
    if (row.trim() === "" || row.startsWith("#")) continue
    const wrong = (problem: string): Result<never> =>
      fail(fault("ListingInvalid", { name, line: index + 1, problem }))
    const entry = parseLine(row)
    if (typeof entry === "string") return wrong(entry)
    if (kinds.has(entry.path)) return wrong(`${entry.path} is listed twice`)
    if (entries.length >= entryLimit) return wrong(`more than ${entryLimit} paths`)
    kinds.set(entry.path, entry.kind)
    entries.push(entry)
  }
  for (const { path } of entries)
    for (let parent = parentPath(path); parent !== "/"; parent = parentPath(parent)) {
      const kind = kinds.get(parent)
      if (kind !== undefined && kind !== "dir")
        return fail(
          fault("ListingInvalid", {
            name,
            line: 0,
            problem: `${path} lies in ${parent}, which is a ${kind}`,
          }),
        )
    }
  return ok(entries)
}

/** An entry, or what is wrong with the line. */
function parseLine(row: string): ListedEntry | string {
  const match = line.exec(row)
  if (match === null) return "not `type mode uid:gid size-or-major:minor path [-> target]`"
  const [, kind = "", rawMode = "", rawOwner = "", extent = "", path = "", target] = match
  if (cleanPath(path) !== path || path === "/" || path.includes("\0"))
    return `${path} is no clean absolute path`
  if (kind === "link") return target === undefined ? "a link without a target" : { kind, path, target }
  if (target !== undefined) return "only a link has a target"
  const mode = Number.parseInt(rawMode, 8)
  const [uid = Number.NaN, gid = Number.NaN] = rawOwner.split(":").map(Number)
  if (Number.isNaN(mode) || Number.isNaN(uid) || Number.isNaN(gid)) return "mode and owner are missing"
  const owned = { path, mode, uid, gid }
  if (kind === "dir" || kind === "sock") return { kind, ...owned }
  if (kind === "file") {
    const sizeBytes = Number(extent)
    if (!/^\d+$/.test(extent) || sizeBytes > sizeLimit) return "a file needs a size"
    return { kind, ...owned, sizeBytes }
  }
  const [major, minor] = extent.split(":").map(Number)
  if (major === undefined || minor === undefined || Number.isNaN(major)) return "a node needs major:minor"
  return major > 0xfff || minor > 0xfffff ? "no such device number" : { kind: "char", ...owned, major, minor }
}
