/**
 * Stamps: what a stat tells of a file that changes when the file does. What was remembered is fresh while all stamps are the same.
 * This runs at every start: a stat is compared number by number, since to write it out costs as much as to make it.
 */

import { readlinkSync, type Stats, statSync } from "node:fs"
import { mpsDirectory } from "../../core/inventory/mps-directory.ts"
import { readSmallFile, readSmallText } from "../files/read-up-to.ts"

/**
 * Where a path really lies, and what a stat told of it. Nothing after the path: it is absent. One negative number: why it cannot be
 * looked at (a link in a circle, a door that is closed).
 */
export type Stamp = readonly [livePath: string, ...facts: readonly number[]]

export function areStamps(value: unknown): value is readonly Stamp[] {
  if (!Array.isArray(value) || value.length === 0) return false
  for (let index = 0; index < value.length; index++) {
    const one: unknown = value[index]
    if (!Array.isArray(one) || typeof one[0] !== "string") return false
  }
  return true
}

/** Made when they are looked at, times and all. */
export const isMadeOnLook = (path: string): boolean => path.startsWith("/proc/") || path.startsWith("/sys/")
/** MIG instances come and go, and proc gives their numbers again. */
const isCapability = (path: string): boolean => path.startsWith("/proc/driver/nvidia/capabilities")
/** Its text counts: to write it leaves no trace in a stat. */
const firmwareParameter = "/sys/module/firmware_class/parameters/path"

/**
 * Which file it is and when it or its entries last changed. In proc and sysfs the inode number and the number of directories in it
 * count: they are given anew when a driver is loaded or a GPU is bound. A capability's time is when the kernel first showed it after
 * it was made; when memory is short that is forgotten, and everything looked at once more.
 */
function factsOf(livePath: string, stat: Stats): readonly number[] {
  if (livePath === firmwareParameter) return [Bun.hash.crc32(readSmallFile(livePath))]
  if (isMadeOnLook(livePath))
    return isCapability(livePath)
      ? [stat.dev, stat.ino, stat.nlink, stat.mode, stat.ctimeMs]
      : [stat.dev, stat.ino, stat.nlink, stat.mode]
  return stat.isFile() || stat.isDirectory()
    ? [stat.dev, stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs]
    : [stat.dev, stat.ino, stat.rdev, stat.mode, stat.uid, stat.gid, stat.ctimeMs]
}

const nothing: readonly number[] = []

/** After a path in its stamp. */
export function look(livePath: string): readonly number[] {
  try {
    const stat = statSync(livePath, { throwIfNoEntry: false })
    // Anybody may put something there, and must not make every start look anew.
    if (stat === undefined || (livePath === mpsDirectory && stat.uid !== 0)) return nothing
    return factsOf(livePath, stat)
  } catch (error) {
    const { code, errno = -5 } = error as { readonly code?: string; readonly errno?: number }
    return code === "ENOTDIR" ? nothing : [errno]
  }
}

/** Of a file that was opened, or was looked at for something else. */
export const stampOf = (livePath: string, stat: Stats): Stamp => [livePath, ...factsOf(livePath, stat)]

/** In a loop: a start has some hundred of them, and a call of a function for each costs as much as what it does. */
export function areFresh(stamps: readonly Stamp[]): boolean {
  for (let index = 0; index < stamps.length; index++) if (!isFresh(stamps[index] as Stamp)) return false
  return true
}

/** Of a path and what a stat tells of a file or directory. */
export const fileStampLength = 6

function isFresh(stamp: Stamp): boolean {
  const [path] = stamp
  if (stamp.length === fileStampLength && !isMadeOnLook(path)) return isSameFile(path, stamp)
  const facts = look(path)
  if (facts.length !== stamp.length - 1) return false
  for (let index = 0; index < facts.length; index++) if (facts[index] !== stamp[index + 1]) return false
  return true
}

/**
 * The answer that a list of facts would give, which costs as much as its stat: nearly all stamps are of files. An inode that is
 * freed and used again has another time.
 */
function isSameFile(path: string, [, dev, ino, size, mtimeMs, ctimeMs]: Stamp): boolean {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    return (
      stat !== undefined &&
      stat.ino === ino &&
      stat.ctimeMs === ctimeMs &&
      stat.mtimeMs === mtimeMs &&
      stat.size === size &&
      stat.dev === dev
    )
  } catch {
    return false
  }
}

/** A link of a machine that is a directory, and what it said. */
export type LinkStamp = readonly [livePath: string, target: string]

export const areLinksFresh = (links: readonly LinkStamp[]): boolean =>
  links.every(([path, target]) => readLink(path) === target)

const areLinkStamps = (value: unknown): value is readonly LinkStamp[] =>
  Array.isArray(value) &&
  value.every((one) => Array.isArray(one) && typeof one[0] === "string" && typeof one[1] === "string")

/** Empty: there is no link. */
export function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ""
  }
}

/** What tells whether places of a machine are as they were: themselves, and the links on the way to them. */
export interface Proof {
  readonly stamps: readonly Stamp[]
  readonly links: readonly LinkStamp[]
}

/** Of what was read back nobody knows whether it is a proof at all. */
export const isFreshProof = <T extends { readonly [K in keyof Proof]?: unknown }>(
  value: T,
): value is T & Proof =>
  areStamps(value.stamps) &&
  areLinkStamps(value.links) &&
  areFresh(value.stamps) &&
  areLinksFresh(value.links)

let knownEra: string | undefined

/** Tells one boot from the next, and one build of this program from another, whose tables say something else. */
export function era(): string {
  knownEra ??= observeEra()
  return knownEra
}

function observeEra(): string {
  const program = statSync("/proc/self/exe", { throwIfNoEntry: false })
  const bootId = readSmallText("/proc/sys/kernel/random/boot_id").trim()
  return [bootId, program?.ino, program?.size, program?.mtimeMs].join(" ")
}
