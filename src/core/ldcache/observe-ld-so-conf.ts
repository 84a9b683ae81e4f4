/**
 * The directories that the loader's configuration of a tree names, through all its includes. Every file is read once, so that files
 * that include each other, or themselves, come to an end (ldconfig itself goes on until it has no descriptor left).
 */

import type { Finding } from "../fault/finding.ts"
import { parentPath } from "../text/path.ts"
import { decodeUtf8 } from "../text/utf8.ts"
import { expandGlob } from "./glob.ts"
import type { LibraryTree } from "./library-tree.ts"
import { parseLdSoConf } from "./parse-ld-so-conf.ts"
import { createWalkBudget, limitReached, type WalkBudget } from "./walk-budget.ts"

export interface LdSoConf {
  /** As they are named, whether they exist or not; one that another name leads to is there once. Order: of search. */
  readonly directories: readonly string[]
  /** Every file that was asked for, existing or not: what proves an answer fresh. Order: as read. */
  readonly files: readonly string[]
  /** Directories in which a pattern looks for files: where one may appear. */
  readonly patternDirectories: readonly string[]
  /** Files that cannot be read though they exist, and limits that were reached. */
  readonly findings: readonly Finding[]
}

/** More than any machine has. */
const fileLimit = 1024
const directoryLimit = 4096
const patternLimit = 1024
const patternLengthLimit = 4096
const globBudget = 4096
/** What a byte of a file costs. Units: steps. */
const parseSteps = 4
/** Units: bytes. */
const sizeLimit = 1024 * 1024

interface Step {
  readonly kind: "file" | "directory" | "pattern"
  readonly path: string
}

/** `path`: usually `/etc/ld.so.conf`. `walk`: what it is part of. */
export function observeLdSoConf(
  tree: LibraryTree,
  path: string,
  walk: WalkBudget = createWalkBudget(),
): LdSoConf {
  const directories = new Map<string, string>()
  const files = new Set<string>()
  /** Where the files lie: one may be known by any number of names. */
  const places = new Set<string>()
  const patterns = new Set<string>()
  const budget = { directories: globBudget, walk }
  const findings: Finding[] = []

  const named = new Set<string>()
  const addDirectory = (path: string): void => {
    if (named.has(path)) return
    named.add(path)
    const resolved = tree.resolve(path.startsWith("/") ? path : `/${path}`)
    const place = resolved.ok ? resolved.value : path
    if (!directories.has(place)) directories.set(place, path)
  }
  const readSteps = (file: string): readonly Step[] => {
    const resolved = tree.resolve(file)
    const place = resolved.ok ? resolved.value : file
    if (places.has(place)) return []
    places.add(place)
    files.add(file)
    const bytes = tree.readFile(file, { offsetBytes: 0, lengthBytes: sizeLimit + 1 })
    if (!bytes.ok) {
      const isAbsent = bytes.fault.tag === "HostReadFailed" && bytes.fault.data.reason === "absent"
      if (!isAbsent && !walk.isSpent())
        findings.push({ severity: "warning", fault: bytes.fault, evidence: [file] })
      return []
    }
    if (bytes.value.length > sizeLimit) findings.push(limitReached(file, "EFBIG"))
    if (!walk.spend(bytes.value.length * parseSteps)) return []
    const lines = parseLdSoConf(decodeUtf8(bytes.value.subarray(0, sizeLimit)))
    const isTooLong = (pattern: string): boolean => pattern.length > patternLengthLimit
    if (lines.some((line) => line.kind === "include" && line.patterns.some(isTooLong)))
      findings.push(limitReached(file, "ENAMETOOLONG"))
    return lines.flatMap((line): readonly Step[] =>
      line.kind === "directory"
        ? [line]
        : line.patterns
            .filter((pattern) => !isTooLong(pattern))
            .map((pattern) => ({
              kind: "pattern",
              path: pattern.startsWith("/") ? pattern : `${parentPath(file)}/${pattern}`,
            })),
    )
  }
  const expand = (pattern: string): readonly Step[] => {
    patterns.add(pattern)
    return expandGlob(tree, pattern, budget).map((one) => ({ kind: "file", path: one }))
  }

  /** The last comes next, so that what is included stands where its line stood. */
  const pending: Step[] = [{ kind: "file", path }]
  const queue = (steps: readonly Step[]): void => {
    for (const step of steps.toReversed()) pending.push(step)
  }
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const isBeyond = files.size >= fileLimit || named.size >= directoryLimit || patterns.size >= patternLimit
    if (isBeyond) findings.push(limitReached(path, "E2BIG"))
    if (isBeyond || walk.isSpent()) break
    if (next.kind === "directory") addDirectory(next.path)
    else if (next.kind === "file") queue(readSteps(next.path))
    else if (next.kind === "pattern" && !patterns.has(next.path)) queue(expand(next.path))
  }
  if (budget.directories < 0 || walk.isSpent()) findings.push(limitReached(path, "E2BIG"))
  return {
    directories: [...directories.values()],
    files: [...files],
    patternDirectories: [...new Set([...patterns].map(directoryOfPattern))],
    findings,
  }
}

/** The part before the first name that has a wildcard in it. */
const directoryOfPattern = (pattern: string): string => parentPath(pattern.replace(/[*?[].*$/s, "*"))
