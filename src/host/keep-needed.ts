/**
 * What a recording may hold of files that tell of the whole machine: recordings go to strangers. Names and numbers of the machine itself are
 * anonymize.ts's affair. Told to users in docs/recordings.md.
 */

import { parseInterpreter, scriptHead } from "../core/diagnose/hooks/parse-interpreter.ts"
import { enginePackages, packageDatabase, packageStanza } from "../core/inventory/observe-engines.ts"
import { parseLdcache } from "../core/ldcache/parse-ldcache.ts"
import { renderLdcache } from "../core/ldcache/render-ldcache.ts"
import type { ByteRange } from "../core/text/byte-range.ts"
import { decodeLatin1 } from "../core/text/utf8.ts"

/** Of the driver by its name, or by a version that only the driver has. */
const ofDriver = /nvidia|cuda|libnv|\.so\.\d{3,4}\.\d/i

/** Of /proc/net/unix: its head, and who listens at sockets of the driver's services and at those that were asked after. */
export function keepListeners(bytes: Uint8Array, asked: ReadonlySet<string>): Uint8Array {
  const isAsked = (line: string): boolean => asked.has(line.slice(line.indexOf("/")))
  const lines = decodeLatin1(bytes).split("\n")
  return latin1(
    lines
      .filter((line, index) => index === 0 || line === "" || ofDriver.test(line) || isAsked(line))
      .join("\n"),
  )
}

/**
 * Of files that tell of the whole machine only what is of use: who listens at sockets that were asked after, which of the driver's
 * libraries the loader knows, which engines are installed. Who else listens, and what else is installed, is nobody's affair. Of a script
 * whose head was asked for (`range`), its first line.
 */
export function keepNeeded(path: string, range: ByteRange | undefined, bytes: Uint8Array): Uint8Array {
  if (isHeadOfScript(bytes, range)) return firstLine(bytes)
  if (path === packageDatabase) {
    const stanzas = enginePackages.flatMap((name) => packageStanza(decodeLatin1(bytes), name) ?? [])
    const fields = /^(?:Package|Status|Version): .*$/gm
    return latin1(stanzas.map((stanza) => `${(stanza.match(fields) ?? []).join("\n")}\n\n`).join(""))
  }
  if (!path.endsWith("/ld.so.cache")) return bytes
  const cache = parseLdcache(bytes)
  // What is no cache stays none, and keeps what a search for names would find in it.
  if (!cache.ok) {
    const names = decodeLatin1(bytes).match(cachedName) ?? []
    const end = names.length === 0 ? [] : ["\0"]
    return latin1([decodeLatin1(bytes.subarray(0, 64)), ...names, ...end].join(""))
  }
  const kept = cache.value.entries.filter((entry) => ofDriver.test(entry.soname) || ofDriver.test(entry.path))
  return kept.length === cache.value.entries.length ? bytes : renderLdcache({ ...cache.value, entries: kept })
}

/** Asked for by which program a script runs. */
const isHeadOfScript = (bytes: Uint8Array, range: ByteRange | undefined): boolean =>
  range?.offsetBytes === scriptHead.offsetBytes &&
  range.lengthBytes === scriptHead.lengthBytes &&
  parseInterpreter(bytes) !== undefined

function firstLine(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(10)
  return end === -1 ? bytes : bytes.subarray(0, end + 1)
}

const cachedName = /\0\/[^\0]{0,4095}(?:nvidia|cuda|libnv)[^\0]{0,255}(?=\0)/gi

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"))
