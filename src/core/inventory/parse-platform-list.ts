/**
 * The text of one of Tegra's lists: `dev|dir|lib|sym, path`, one entry a line. Read as the reference reads it: blanks around both parts
 * count for nothing, the path is all that follows the first comma, a path that does not begin with a slash is meant from the root. What
 * is no entry is passed over and told of, and never ends the reading of the rest. Which lists there are: platform-list.ts.
 * Source: facts, toolkit §5.7; internal/platform-support/tegra/csv of NVIDIA Container Toolkit 1.20.
 */

import { type HostPath, hostPath } from "../text/brand.ts"
import { cleanPath } from "../text/path.ts"

export type PlatformEntryKind = "dev" | "dir" | "lib" | "sym"

export interface PlatformLine {
  readonly kind: PlatformEntryKind
  /** Clean and absolute; may be a pattern (`*`, `?`, `[…]`). */
  readonly path: HostPath
  /** 1-based. */
  readonly line: number
}

export interface UnreadLine {
  readonly line: number
  /** As written, shortened. */
  readonly text: string
  readonly problem: string
}

export interface PlatformListText {
  /** Order: as written; doubles stay. */
  readonly entries: readonly PlatformLine[]
  /** Neither entry, comment nor blank. Order: as written. */
  readonly unread: readonly UnreadLine[]
}

/** More than the longest of real lists many times over. Units: lines. */
const lineLimit = 20_000
/** As long as the kernel lets a path be. Units: characters. */
const pathLimit = 4096
const shownLimit = 120

export function parsePlatformList(text: string): PlatformListText {
  const entries: PlatformLine[] = []
  const unread: UnreadLine[] = []
  const lines = text.split("\n", lineLimit + 1)
  for (const [index, written] of lines.entries()) {
    const line = index + 1
    if (line > lineLimit) {
      unread.push({ line, text: "", problem: `the list has more than ${lineLimit} lines` })
      break
    }
    const content = written.trim()
    if (content === "" || content.startsWith("#")) continue
    const read = readLine(content)
    if (typeof read === "string") unread.push({ line, text: content.slice(0, shownLimit), problem: read })
    else entries.push({ ...read, line })
  }
  return { entries, unread }
}

const isKind = (text: string): text is PlatformEntryKind =>
  text === "dev" || text === "dir" || text === "lib" || text === "sym"

/** A text says what is wrong. */
function readLine(content: string): Omit<PlatformLine, "line"> | string {
  const comma = content.indexOf(",")
  if (comma === -1) return "it has no comma"
  const kind = content.slice(0, comma).trim()
  if (!isKind(kind)) return `${JSON.stringify(kind.slice(0, shownLimit))} is none of dev, dir, lib, sym`
  const written = content.slice(comma + 1).trim()
  if (written === "") return "it names no path"
  if (written.length > pathLimit) return "its path is longer than any can be"
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\0-\x1f\x7f]/.test(written)) return "its path has control characters"
  const path = cleanPath(`/${written}`)
  return refusePlace(path) ?? { kind, path: hostPath(path) }
}

/** Why nothing of the machine is given at a place, whose path is clean; undefined: it may be. */
export function refusePlace(path: string): string | undefined {
  if (path === "/") return "it names the whole of the machine"
  // Runtimes refuse to mount there, and the container would not start.
  return path === "/proc" || path.startsWith("/proc/") ? "nothing can be mounted inside /proc" : undefined
}

/** `name`: of a file in the directory of lists. */
export const isPlatformList = (name: string): boolean => /.\.csv$/i.test(name)

/** Lists that count always; the others count only for images that ask for every list. */
export const baseListNames = ["devices.csv", "drivers.csv", "l4t.csv"] as const

/** `name`: as for isPlatformList. */
export const isBaseList = (name: string): boolean => baseListNames.some((one) => one === name)
