/**
 * The loader's order of names, by which it searches its cache in halves: runs of digits compare as numbers and are greater than
 * other bytes. Source: observed on ldconfig of glibc 2.36, x86-64: numbers wrap at 32 bits, and bytes from 0x80 are negative
 * (`char` has a sign there; on arm64 it has none, which matters to no name in ASCII).
 */

import { encodeUtf8 } from "../text/utf8.ts"

/** Positive when `one` is the greater. */
export function compareNames(one: string, other: string): number {
  return compareNameBytes(nameBytes(one), 0, nameBytes(other), 0)
}

export const nameBytes = (name: string): Uint8Array => encodeUtf8(name)

/**
 * Names that begin at an offset and end with a zero or with the bytes. What they have in common is passed over first, and only where a
 * number is in it looked at closer: the start of a container runs this some thousand times before any compiler has seen it.
 */
export function compareNameBytes(one: Uint8Array, oneAt: number, other: Uint8Array, otherAt: number): number {
  let at = oneAt
  let place = otherAt
  let byte = one[at] ?? 0
  let rival = other[place] ?? 0
  while (byte === rival && byte !== 0) {
    byte = one[++at] ?? 0
    rival = other[++place] ?? 0
  }
  if (byte === rival) return 0
  if ((byte < zero || byte > nine) && (rival < zero || rival > nine)) return signed(byte) - signed(rival)
  // In the midst of a number, perhaps.
  for (
    let before = one[at - 1] ?? 0;
    at > oneAt && before >= zero && before <= nine;
    before = one[at - 1] ?? 0
  ) {
    at--
    place--
  }
  return compareFromNumber(one, at, other, place)
}

function compareFromNumber(one: Uint8Array, oneAt: number, other: Uint8Array, otherAt: number): number {
  let at = oneAt
  let place = otherAt
  for (;;) {
    let byte = one[at] ?? 0
    let rival = other[place] ?? 0
    const isNumber = byte >= zero && byte <= nine
    if (isNumber && rival >= zero && rival <= nine) {
      let number = 0
      let rivalNumber = 0
      for (; byte >= zero && byte <= nine; byte = one[++at] ?? 0) number = (number * 10 + byte - zero) | 0
      for (; rival >= zero && rival <= nine; rival = other[++place] ?? 0)
        rivalNumber = (rivalNumber * 10 + rival - zero) | 0
      if (number !== rivalNumber) return (number - rivalNumber) | 0
    } else if (byte === rival) {
      if (byte === 0) return 0
      at++
      place++
    } else if (isNumber) return 1
    else if (rival >= zero && rival <= nine) return -1
    else return signed(byte) - signed(rival)
  }
}

/** Digits are told apart in place, without a function of their own. */
const zero = 48
const nine = 57
const signed = (byte: number): number => (byte << 24) >> 24
