/**
 * Stamps: what a stat tells of a file that changes when the file does. What was remembered is fresh while all stamps are the same.
 * This runs at every start: a stat is compared number by number, since to write it out costs as much as to make it.
 */

import { readFileSync, type Stats, statSync } from "node:fs"
import { parentPath } from "../core/text/path.ts"

/** Where a path really lies, and what a stat told of it; nothing after the path: it is absent. */
export type Stamp = readonly [livePath: string, ...facts: readonly number[]]

/** Made when they are looked at, times and all. */
const isMadeOnLook = /^\/(proc|sys)\//

/**
 * Which file it is and when it or its entries last changed. In proc and sysfs the inode number and the number of directories in it
 * count: both are given anew when a driver is loaded, a GPU is bound, a MIG instance is made.
 */
function factsOf(livePath: string, stat: Stats): readonly number[] {
  if (isMadeOnLook.test(livePath)) return [stat.dev, stat.ino, stat.nlink, stat.mode]
  return stat.isFile() || stat.isDirectory()
    ? [stat.dev, stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs]
    : [stat.dev, stat.ino, stat.rdev, stat.mode, stat.uid, stat.gid, stat.ctimeMs]
}

export function stampOf(livePath: string): Stamp {
  const stat = statSync(livePath, { throwIfNoEntry: false })
  return stat === undefined ? [livePath] : [livePath, ...factsOf(livePath, stat)]
}

const isAbsent = (stamp: Stamp): boolean => stamp.length === 1

/** For a path that is absent, the highest place above it that is absent too stands; below a stamped place it needs no stamp. */
export function stampAll(livePaths: readonly string[]): readonly Stamp[] {
  const stamps = new Map<string, Stamp>()
  for (const path of livePaths) {
    const stamp = stampOf(path)
    const kept = isAbsent(stamp) ? highestAbsent(stamp) : stamp
    stamps.set(kept[0], kept)
  }
  return [...stamps.values()].filter((stamp) => !isAbsent(stamp) || !stamps.has(parentPath(stamp[0])))
}

function highestAbsent(stamp: Stamp): Stamp {
  let highest = stamp
  for (let above = parentPath(stamp[0]); above !== "/"; above = parentPath(above)) {
    const higher = stampOf(above)
    if (!isAbsent(higher)) break
    highest = higher
  }
  return highest
}

export const areFresh = (stamps: readonly Stamp[]): boolean => stamps.every(isFresh)

function isFresh(stamp: Stamp): boolean {
  const livePath = stamp[0]
  const stat = statSync(livePath, { throwIfNoEntry: false })
  if (stat === undefined) return isAbsent(stamp)
  const facts = factsOf(livePath, stat)
  if (facts.length !== stamp.length - 1) return false
  for (let index = 0; index < facts.length; index++) if (facts[index] !== stamp[index + 1]) return false
  return true
}

/** Tells one boot from the next; empty where the kernel does not say. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  } catch {
    return ""
  }
}
