/**
 * A machine as a list of its paths, one a line: `type mode uid:gid size-or-major:minor path [-> target]`, `#` begins a comment, `-`
 * stands for what a type does not have. It says what lies where, not what stands in it. Format: docs/simulate.md.
 */

import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { cleanPath, parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { manifestName } from "../simulated-files.ts"

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

/** A listing of a driver has hundreds; each becomes a file of some kilobytes in memory. */
const entryLimit = 20_000
/** A machine of holes takes no room, and a size beyond this is no driver's. Units: bytes. */
const sizeLimit = 16 * 1024 ** 3
/** Room for the longest path and the longest target. Units: characters. */
const lineLimit = 3000
/** Leaves room for the directory that the machine is made in. Units: bytes. */
const pathLimit = 1024
const nameLimit = 255
const depthLimit = 64
/** 2^32 - 1 means "no user". */
const userLimit = 2 ** 32 - 2

const line =
  /^(dir|file|link|char|sock) (-|[0-7]{1,4}) (-|\d{1,10}:\d{1,10}) (-|\d{1,15}|\d{1,7}:\d{1,7}) (\/.*?)(?: -> (.+))?$/s
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\x00-\x1f\x7f]/

/** Order: as listed. Faults: ListingInvalid, with the line. */
export function parseListing(text: string, name: string): Result<readonly ListedEntry[]> {
  const entries: ListedEntry[] = []
  const lines = new Map<string, { readonly kind: ListedEntry["kind"]; readonly line: number }>()
  const wrong = (line: number, problem: string): Result<never> =>
    fail(fault("ListingInvalid", { name, line, problem }))
  for (const [index, row] of text.split("\n").entries()) {
    if (row.trim() === "" || row.startsWith("#")) continue
    const entry = parseLine(row)
    if (typeof entry === "string") return wrong(index + 1, entry)
    if (lines.has(entry.path)) return wrong(index + 1, `${entry.path} is listed twice`)
    if (entries.length >= entryLimit) return wrong(index + 1, `more than ${entryLimit} paths`)
    lines.set(entry.path, { kind: entry.kind, line: index + 1 })
    entries.push(entry)
  }
  for (const { path } of entries)
    for (let parent = parentPath(path); parent !== "/"; parent = parentPath(parent)) {
      const above = lines.get(parent)
      if (above !== undefined && above.kind !== "dir")
        return wrong(lines.get(path)?.line ?? 0, `${path} lies in ${parent}, which is a ${above.kind}`)
    }
  return ok(entries)
}

/** An entry, or what is wrong with the line. */
function parseLine(row: string): ListedEntry | string {
  if (row.length > lineLimit) return `longer than ${lineLimit} characters`
  if (control.test(row)) return "a control character"
  const match = line.exec(row)
  if (match === null) return "not `type mode uid:gid size-or-major:minor path [-> target]`"
  const [, kind = "", rawMode = "", rawOwner = "", extent = "", path = "", target] = match
  const problem = problemOfPath(path)
  if (problem !== undefined) return problem
  if (kind === "link") {
    if (target === undefined) return "a link without a target"
    if (`${rawMode}${rawOwner}${extent}` !== "---") return "a link has no mode, owner or size"
    return encodeUtf8(target).length > pathLimit
      ? `a target longer than ${pathLimit} bytes`
      : { kind, path, target }
  }
  if (target !== undefined) return "only a link has a target"
  const mode = Number.parseInt(rawMode, 8)
  const [uid = Number.NaN, gid = Number.NaN] = rawOwner.split(":").map(Number)
  if (Number.isNaN(mode) || Number.isNaN(uid) || Number.isNaN(gid)) return "mode and owner are missing"
  if (uid > userLimit || gid > userLimit) return "no such user or group number"
  const owned = { path, mode, uid, gid }
  if (kind === "dir" || kind === "sock")
    return extent === "-" ? { kind, ...owned } : `a ${kind} has no size or number`
  if (kind === "file") {
    const sizeBytes = Number(extent)
    if (!/^\d+$/.test(extent)) return "a file needs a size"
    return sizeBytes > sizeLimit ? "a file larger than 16 GiB" : { kind, ...owned, sizeBytes }
  }
  const [major, minor] = extent.split(":").map(Number)
  if (major === undefined || minor === undefined || Number.isNaN(major)) return "a node needs major:minor"
  return major > 0xfff || minor > 0xfffff ? "no such device number" : { kind: "char", ...owned, major, minor }
}

/** undefined: it names a place below the machine's directory, and none that is Gantry's own. */
export function problemOfPath(path: string): string | undefined {
  if (!path.startsWith("/") || path === "/" || cleanPath(path) !== path || control.test(path))
    return `${JSON.stringify(path)} is not a clean absolute path`
  const names = path.slice(1).split("/")
  if (names.length > depthLimit || encodeUtf8(path).length > pathLimit) return "a path too long"
  if (names.some((name) => encodeUtf8(name).length > nameLimit)) return "a name too long"
  return names[0]?.startsWith(manifestName) === true ? `${path} is where the manifest lies` : undefined
}
