/**
 * UTF-8 that loses nothing: bytes that are no UTF-8 become lone surrogates U+DC80…U+DCFF and turn back into the same bytes.
 * Paths, arguments and environment entries are bytes to the kernel; what we hand on must be what we were given.
 * Source: Unicode 15, table 3-7; the escape is the one of Python's PEP 383.
 */

/** Of the platform, which the core knows nothing else of. */
declare const TextDecoder: new (
  label: "utf-8" | "windows-1252",
  options: { readonly fatal: boolean; readonly ignoreBOM: true },
) => { decode(bytes: Uint8Array): string }
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> }

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    return decodeBytewise(bytes)
  }
}

/** Every byte one character. In pieces, because arguments are limited. */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = ""
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192) as unknown as number[])
  return text
}

/**
 * Every byte one character, those below 0x80 as they are: for looking for such characters in what is large, several times as fast as
 * decodeLatin1. Which characters stand for the others is the platform's affair; where something stands is the same in both.
 */
export const decodeByteCharacters = (bytes: Uint8Array): string =>
  new TextDecoder("windows-1252", { fatal: false, ignoreBOM: true }).decode(bytes)

function decodeBytewise(bytes: Uint8Array): string {
  const units: number[] = []
  let text = ""
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at] ?? 0
    const length = sequenceLength(bytes, at, first)
    if (length === 0) {
      units.push(0xdc00 + first)
      at++
    } else if (length === 1) {
      units.push(first)
      at++
    } else {
      let point = first & (0xff >> (length + 1))
      for (let index = 1; index < length; index++) point = (point << 6) | ((bytes[at + index] ?? 0) & 0x3f)
      if (point < 0x10000) units.push(point)
      else units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff))
      at += length
    }
    if (units.length > 4096) {
      text += String.fromCharCode(...units)
      units.length = 0
    }
  }
  return text + String.fromCharCode(...units)
}

/** Length of the well-formed sequence that starts here; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number, first: number): 0 | 1 | 2 | 3 | 4 {
  if (first < 0x80) return 1
  const second = bytes[at + 1] ?? 0
  const continues = (offset: number): boolean => ((bytes[at + offset] ?? 0) & 0xc0) === 0x80
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80
    const high = first === 0xed ? 0x9f : 0xbf
    return second >= low && second <= high && continues(2) ? 3 : 0
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const low = first === 0xf0 ? 0x90 : 0x80
    const high = first === 0xf4 ? 0x8f : 0xbf
    return second >= low && second <= high && continues(2) && continues(3) ? 4 : 0
  }
  return 0
}

export function encodeUtf8(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text)
  const bytes: number[] = []
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    if (point < 0x80) bytes.push(point)
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f))
    else if (point >= 0xdc80 && point <= 0xdcff) bytes.push(point - 0xdc00)
    else if (point < 0x10000)
      bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f))
    else
      bytes.push(
        0xf0 | (point >> 18),
        0x80 | ((point >> 12) & 0x3f),
        0x80 | ((point >> 6) & 0x3f),
        0x80 | (point & 0x3f),
      )
  }
  return Uint8Array.from(bytes)
}
