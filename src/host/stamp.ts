/**
 * Stamps: what a stat tells of a file that changes when the file does. What was remembered is fresh while all stamps are the same.
 */

import { readFileSync, statSync } from "node:fs"

/** A path on the machine, where it really lies, and its stamp when it was looked at. */
export type Stamp = readonly [livePath: string, stamp: string]

/**
 * Which file it is and when it or its entries last changed; `absent` is a stamp too. Files of proc and sysfs are made when they are
 * looked at, times and all: there the inode number and the number of entries count, which the driver gives anew when it is loaded.
 */
export function stampOf(livePath: string): string {
  const stat = statSync(livePath, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return "absent"
  const { dev, ino, size, nlink, rdev, mode, uid, gid, mtimeNs, ctimeNs } = stat
  if (/^\/(proc|sys)\//.test(livePath)) return `${dev}:${ino}:${nlink}:${mode}`
  return stat.isFile() || stat.isDirectory()
    ? `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
    : `${dev}:${ino}:${rdev}:${mode}:${uid}:${gid}:${ctimeNs}`
}

export const stampAll = (livePaths: readonly string[]): readonly Stamp[] =>
  livePaths.map((path) => [path, stampOf(path)])

export const areFresh = (stamps: readonly Stamp[]): boolean =>
  stamps.every(([path, stamp]) => stampOf(path) === stamp)

/** Tells one boot from the next; empty where the kernel does not say. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  } catch {
    return ""
  }
}
