/**
 * Versions, the three ways the reference reads them: strictly, coerced, and as numbers with dots between them.
 * Source: Semantic Versioning 2.0.0; the coerced form allows a leading `v`, leading zeros and missing parts, up to 256 characters;
 * facts, nvidia-container-cli §3, for the last.
 */

export interface Version {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  /** Without the hyphen; empty: none. */
  readonly preRelease: string
}

const identifier = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
const strict = new RegExp(
  `^(0|[1-9][0-9]*)(?:\\.(0|[1-9][0-9]*)(?:\\.(0|[1-9][0-9]*)(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?)?)?$`,
)
const coerced =
  /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/
const leadingZero = /(?:^|\.)0[0-9]+(?:\.|$)/
const uint64Max = 18446744073709551615n

export function parseStrictVersion(text: string): Version | undefined {
  return toVersion(strict.exec(text))
}

export function parseCoercedVersion(text: string): Version | undefined {
  if (text.length > 256) return undefined
  const version = toVersion(coerced.exec(text))
  if (version === undefined || leadingZero.test(version.preRelease)) return undefined
  const fits = version.major <= uint64Max && version.minor <= uint64Max && version.patch <= uint64Max
  return fits ? version : undefined
}

function toVersion(match: RegExpExecArray | null): Version | undefined {
  if (match === null) return undefined
  const [, major = "0", minor = "0", patch = "0", preRelease = ""] = match
  return { major: BigInt(major), minor: BigInt(minor), patch: BigInt(patch), preRelease }
}

/** Negative, zero or positive, as the left pre-release lies before, at or after the right. Neither may be empty. */
export function comparePreRelease(left: string, right: string): number {
  const lefts = left.split(".")
  const rights = right.split(".")
  for (let index = 0; index < Math.max(lefts.length, rights.length); index++) {
    const [one, other] = [lefts[index], rights[index]]
    if (one === other) continue
    if (one === undefined) return -1
    if (other === undefined) return 1
    const [isNumber, isOtherNumber] = [/^[0-9]+$/.test(one), /^[0-9]+$/.test(other)]
    if (isNumber && isOtherNumber) return BigInt(one) < BigInt(other) ? -1 : 1
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1
    return one < other ? -1 : 1
  }
  return 0
}

/** Component by component; a remainder of zeros counts for nothing. undefined: not only digits and dots. */
export function compareVersions(one: string, other: string): number | undefined {
  if (!/^[0-9.]+$/.test(one) || !/^[0-9.]+$/.test(other)) return undefined
  const [lefts, rights] = [one.split("."), other.split(".")]
  for (let index = 0; index < Math.max(lefts.length, rights.length); index++) {
    const difference = Number(lefts[index] ?? 0) - Number(rights[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
