/** Reads a loader cache, bounds checked. An old-format header in front is skipped, as the loader skips it. Source: see ldcache.ts. */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { decodeLatin1 } from "../text/utf8.ts"
import {
  entryBytes,
  extensionMagic,
  headerBytes,
  hwcapNamesTag,
  type Ldcache,
  type LdcacheEntry,
  type LdcacheExtension,
  magic,
  oldMagic,
} from "./ldcache.ts"

const entryLimit = 1_000_000

/** Faults: LdcacheInvalid. */
export function parseLdcache(bytes: Uint8Array): Result<Ldcache> {
  const wrong = (problem: string): Result<never> => fail(fault("LdcacheInvalid", { problem }))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Decoded once: names are then cut out by native code, thousands of them on a grown machine.
  const text = decodeLatin1(bytes)
  let start = 0
  if (text.startsWith(oldMagic)) {
    if (bytes.length < 16) return wrong("the old header is cut off")
    start = Math.ceil((16 + view.getUint32(12, true) * 12) / 8) * 8
  }
  if (!text.startsWith(magic, start) || bytes.length < start + headerBytes)
    return wrong("unsupported file format")
  const count = view.getUint32(start + 20, true)
  const table = start + headerBytes
  if (count > entryLimit || table + count * entryBytes > bytes.length) return wrong("the entries are cut off")
  const entries: LdcacheEntry[] = []
  for (let index = 0; index < count; index++) {
    const at = table + index * entryBytes
    const soname = textAt(text, start + view.getUint32(at + 4, true))
    const path = textAt(text, start + view.getUint32(at + 8, true))
    if (soname === undefined || path === undefined) return wrong("a name lies outside")
    entries.push({
      flags: view.getInt32(at, true),
      soname,
      path,
      osVersion: view.getUint32(at + 12, true),
      hwcap: view.getBigUint64(at + 16, true),
    })
  }
  const extensions = parseExtensions(bytes, view, start)
  if (extensions === undefined) return wrong("the extension section lies outside")
  const hwcapNames = parseHwcapNames(text, start, extensions)
  if (hwcapNames === undefined) return wrong("a name of a hardware capability lies outside")
  return ok({ entries, hwcapNames, extensions: extensions.filter(({ tag }) => tag !== hwcapNamesTag) })
}

function parseHwcapNames(
  text: string,
  start: number,
  extensions: readonly LdcacheExtension[],
): readonly string[] | undefined {
  const names: string[] = []
  for (const { tag, content } of extensions) {
    if (tag !== hwcapNamesTag) continue
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
    for (let at = 0; at + 4 <= content.length; at += 4) {
      const name = textAt(text, start + view.getUint32(at, true))
      if (name === undefined) return undefined
      names.push(name)
    }
  }
  return names
}

function parseExtensions(
  bytes: Uint8Array,
  view: DataView,
  start: number,
): readonly LdcacheExtension[] | undefined {
  const offset = view.getUint32(start + 32, true)
  if (offset === 0) return []
  const at = start + offset
  if (at + 8 > bytes.length || view.getUint32(at, true) !== extensionMagic) return undefined
  const count = view.getUint32(at + 4, true)
  if (count > 100 || at + 8 + count * 16 > bytes.length) return undefined
  const extensions: LdcacheExtension[] = []
  for (let index = 0; index < count; index++) {
    const place = at + 8 + index * 16
    const content = start + view.getUint32(place + 8, true)
    const size = view.getUint32(place + 12, true)
    if (content + size > bytes.length) return undefined
    extensions.push({
      tag: view.getUint32(place, true),
      flags: view.getUint32(place + 4, true),
      content: bytes.slice(content, content + size),
    })
  }
  return extensions
}

function textAt(text: string, at: number): string | undefined {
  const end = at < text.length ? text.indexOf("\0", at) : -1
  return end === -1 || end - at > 4096 ? undefined : text.slice(at, end)
}
