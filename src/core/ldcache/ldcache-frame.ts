/**
 * What stands around a cache's entries and strings: the header, and the directory of extensions with their contents.
 * Source: see ldcache.ts; order of the parts observed on ldconfig of glibc 2.36.
 */

import { nameBytes } from "./compare-names.ts"
import { extensionMagic, hwcapNamesTag, type LdcacheExtension, magic } from "./ldcache.ts"

/** Units: bytes, but `entries`. */
export interface FrameSizes {
  readonly entries: number
  readonly texts: number
  /** 0: there are none. */
  readonly extensionsAt: number
}

export function writeHeader(bytes: Uint8Array, sizes: FrameSizes): void {
  const view = viewOf(bytes)
  bytes.set(nameBytes(magic))
  view.setUint32(20, sizes.entries, true)
  view.setUint32(24, sizes.texts, true)
  bytes[28] = 2 // little-endian
  view.setUint32(32, sizes.extensionsAt, true)
}

/**
 * For a place on the next multiple of 4 after `end`. `hwcapNames`: offsets of the names of hardware capabilities, in the order of
 * their numbers. Their content comes first, as the one that must be aligned; in the directory they stand in the order of tags.
 */
export function renderExtensions(
  end: number,
  hwcapNames: readonly number[],
  extensions: readonly LdcacheExtension[],
): { readonly at: number; readonly bytes: Uint8Array } {
  const named =
    hwcapNames.length === 0 ? [] : [{ tag: hwcapNamesTag, flags: 0, content: renderOffsets(hwcapNames) }]
  const contents = [...named, ...extensions]
  if (contents.length === 0) return { at: end, bytes: new Uint8Array() }
  const at = Math.ceil(end / 4) * 4
  const contentsAt = 8 + contents.length * 16
  const bytes = new Uint8Array(contents.reduce((sum, { content }) => sum + content.length, contentsAt))
  const view = viewOf(bytes)
  view.setUint32(0, extensionMagic, true)
  view.setUint32(4, contents.length, true)
  const places = new Map<LdcacheExtension, number>()
  let place = contentsAt
  for (const one of contents) {
    places.set(one, at + place)
    bytes.set(one.content, place)
    place += one.content.length
  }
  const before = extensions.filter(({ tag }) => tag < hwcapNamesTag)
  const after = extensions.filter(({ tag }) => tag >= hwcapNamesTag)
  for (const [index, one] of [...before, ...named, ...after].entries())
    for (const [slot, value] of [one.tag, one.flags, places.get(one) ?? 0, one.content.length].entries())
      view.setUint32(8 + index * 16 + slot * 4, value, true)
  return { at, bytes }
}

function renderOffsets(offsets: readonly number[]): Uint8Array {
  const content = new Uint8Array(offsets.length * 4)
  for (const [index, offset] of offsets.entries()) viewOf(content).setUint32(index * 4, offset, true)
  return content
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
