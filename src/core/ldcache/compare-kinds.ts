/** The loader's order of entries that have one name. Source: observed on ldconfig of glibc 2.36. */

import { hwcapExtensionBit, type LdcacheEntry } from "./ldcache.ts"

type Kind = Pick<LdcacheEntry, "flags" | "osVersion" | "hwcap">

/**
 * Greater flags first; entries of glibc-hwcaps subdirectories before others, because the loader stops at the first other one, and
 * among themselves by their number; then those with more bits of old capabilities, greater such bits, greater system versions.
 * Negative: `one` comes first.
 */
export function compareKinds(one: Kind, other: Kind): number {
  if (one.flags !== other.flags) return other.flags - one.flags
  if (one.hwcap !== other.hwcap) {
    const isNumbered = (one.hwcap & hwcapExtensionBit) !== 0n
    if (isNumbered !== ((other.hwcap & hwcapExtensionBit) !== 0n)) return isNumbered ? -1 : 1
    const difference = isNumbered
      ? numberOf(one) - numberOf(other)
      : countBits(other.hwcap) - countBits(one.hwcap) || (one.hwcap < other.hwcap ? 1 : -1)
    if (difference !== 0) return difference
  }
  return other.osVersion - one.osVersion
}

const numberOf = ({ hwcap }: Kind): number => Number(hwcap & 0xffffffffn)

function countBits(value: bigint): number {
  let count = 0
  for (let rest = value; rest !== 0n; rest &= rest - 1n) count++
  return count
}
