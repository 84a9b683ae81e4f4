/** From a valid input to a broken one: flips, cuts, splices, repetitions, numbers that hurt, words of the format in the wrong place. */

import type { Random } from "./random.ts"

/** No target needs more to be broken, and time grows with size. Units: bytes. */
const inputLimit = 64 * 1024

/** Around every border of a width, as unsigned values. */
const hurtful: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 7n, 8n, 16n, 32n, 64n, 100n, 127n, 128n, 255n, 256n, 1023n, 1024n, 4095n, 4096n, 4097n],
  ...[32767n, 32768n, 65535n, 65536n, 1000000n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n],
  ...[2n ** 48n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n],
]

const hurtfulTexts: readonly string[] = [
  ...["", "0", "-1", "1e309", "00", "4294967296", "18446744073709551616", `1${"0".repeat(310)}`, "0x", "NaN"],
  ...["../", "/../../etc", "/", "//", ".", "..", "%s", "\0", "\n", "\r\n", "\t", "\u2028", "\ufeff", "é"],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "null",
    "true",
    '"',
    "'",
    "\\",
    "*",
    "?".repeat(40),
    " ".repeat(300),
  ],
]

type Mutation = (
  bytes: Uint8Array,
  random: Random,
  other: Uint8Array,
  tokens: readonly Uint8Array[],
) => Uint8Array

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const changed = bytes.slice()
    const at = random.below(bytes.length)
    if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8))
    return changed
  },
  function setByte(bytes, random) {
    const changed = bytes.slice()
    const at = random.below(bytes.length)
    if (at < changed.length) changed[at] = random.below(256)
    return changed
  },
  function setNumber(bytes, random) {
    const changed = bytes.slice()
    const width = random.pick([1, 2, 4, 8])
    if (bytes.length < width) return changed
    // Tables are aligned; a number in the wrong place is of less use.
    const at = random.below(bytes.length - width + 1)
    const place = random.once(4) ? at : at - (at % Math.min(width, 4))
    writeNumber(changed, place, width, random.pick(hurtful))
    return changed
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1))
  },
  function remove(bytes, random) {
    const [start, end] = span(bytes, random)
    return join(bytes.subarray(0, start), bytes.subarray(end))
  },
  function repeat(bytes, random) {
    const [start, end] = span(bytes, random)
    const part = bytes.subarray(start, end)
    const copies = Array.from({ length: random.pick([1, 1, 2, 8, 64]) }, () => part)
    return join(bytes.subarray(0, end), ...copies, bytes.subarray(end))
  },
  function splice(bytes, random, other) {
    const [start, end] = span(other, random)
    const at = random.below(bytes.length + 1)
    return join(bytes.subarray(0, at), other.subarray(start, end), bytes.subarray(at))
  },
  function crossOver(bytes, random, other) {
    return join(
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    )
  },
  function insertToken(bytes, random, _, tokens) {
    const at = random.below(bytes.length + 1)
    return join(bytes.subarray(0, at), chooseToken(random, tokens), bytes.subarray(at))
  },
  function swapToken(bytes, random, _, tokens) {
    const token = chooseToken(random, tokens)
    const at = random.below(Math.max(1, bytes.length - token.length + 1))
    return join(bytes.subarray(0, at), token, bytes.subarray(at + token.length))
  },
  function swapSpans(bytes, random) {
    const middle = random.below(bytes.length + 1)
    const [start, end] = [random.below(middle + 1), middle + random.below(bytes.length - middle + 1)]
    return join(
      bytes.subarray(0, start),
      bytes.subarray(middle, end),
      bytes.subarray(start, middle),
      bytes.subarray(end),
    )
  },
]

const encoder = new TextEncoder()
const hurtfulTokens: readonly Uint8Array[] = hurtfulTexts.map((text) => encoder.encode(text))

const chooseToken = (random: Random, tokens: readonly Uint8Array[]): Uint8Array =>
  tokens.length === 0 || random.once(3) ? random.pick(hurtfulTokens) : random.pick(tokens)

/** Mostly short: a long one leaves little of the input. */
function span(bytes: Uint8Array, random: Random): readonly [start: number, end: number] {
  const start = random.below(bytes.length + 1)
  const room = bytes.length - start
  return [start, start + random.below(Math.min(room, random.pick([2, 8, 64, 4096])) + 1)]
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(
    Math.min(
      parts.reduce((sum, { length }) => sum + length, 0),
      inputLimit,
    ),
  )
  let at = 0
  for (const part of parts) {
    const room = joined.length - at
    joined.set(part.length <= room ? part : part.subarray(0, room), at)
    at = Math.min(at + part.length, joined.length)
  }
  return joined
}

function writeNumber(bytes: Uint8Array, at: number, width: number, value: bigint): void {
  for (let index = 0; index < width; index++) bytes[at + index] = Number((value >> BigInt(index * 8)) & 0xffn)
}

/** One to eight mutations on top of each other; now and then none, so that what is valid is checked too. */
export function mutate(
  bytes: Uint8Array,
  random: Random,
  other: Uint8Array,
  tokens: readonly Uint8Array[],
): Uint8Array {
  let mutated = bytes
  const count = random.pick([0, 1, 1, 1, 2, 2, 3, 5, 8])
  for (let step = 0; step < count; step++) mutated = random.pick(mutations)(mutated, random, other, tokens)
  return mutated
}
