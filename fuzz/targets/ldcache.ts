/** The loader's cache, which comes from images: read, written again, and merged into. */

import { compareNames } from "../../src/core/ldcache/compare-names.ts"
import {
  entryBytes,
  flagsOf,
  headerBytes,
  type Ldcache,
  type LdcacheEntry,
  magic,
  oldMagic,
} from "../../src/core/ldcache/ldcache.ts"
import { parseLdcache } from "../../src/core/ldcache/parse-ldcache.ts"
import { mergeByRendering, mergeLdcache, renderLdcache } from "../../src/core/ldcache/render-ldcache.ts"
import { contents } from "../corpus.ts"
import { checkFault } from "../invariants.ts"
import type { Random } from "../random.ts"
import type { FuzzTarget } from "../target.ts"

/** A name may lie in another's end, so what is written can be longer than what was read, but not by any factor. */
const growthLimit = 64

const added: readonly LdcacheEntry[] = ["libcuda.so.1", "libnvidia-ml.so.1", "libnvidia-ml.so"].map(
  (soname) => ({
    soname,
    path: `/usr/lib64/${soname}`,
    flags: flagsOf["x86-64"],
    osVersion: 0,
    hwcap: 0n,
  }),
)

function check(input: Uint8Array): string | undefined {
  const parsed = parseLdcache(input)
  if (!parsed.ok) {
    const problem = checkFault(parsed.fault)
    if (problem !== undefined) return problem
  } else {
    const problem = checkRoundTrip(parsed.value, input.length)
    if (problem !== undefined) return problem
  }
  const merged = mergeLdcache(input, added)
  if (!merged.ok) return "a merge failed"
  const read = parseLdcache(merged.value)
  if (!read.ok) return `what was merged cannot be read: ${JSON.stringify(read.fault.data)}`
  for (const one of added)
    if (!read.value.entries.some(({ soname, path }) => soname === one.soname && path === one.path))
      return `${one.soname} was merged and is not there`
  if (parsed.ok && input.length < 8192) {
    // The quick way and the long way are one way.
    const slow = parseLdcache(mergeByRendering(input, added))
    if (!slow.ok || keysOf(slow.value) !== keysOf(read.value))
      return "merged in two ways, it has two meanings"
  }
  return findDisorder(read.value)
}

const keysOf = ({ entries }: Ldcache): string =>
  entries
    .map(({ soname, path, flags, hwcap, osVersion }) => [soname, path, flags, hwcap, osVersion].join("|"))
    .sort()
    .join("\n")

function checkRoundTrip(cache: Ldcache, sizeBytes: number): string | undefined {
  const written = renderLdcache(cache)
  if (written.length > sizeBytes * growthLimit + 4096) return `${sizeBytes} bytes became ${written.length}`
  const again = parseLdcache(written)
  if (!again.ok) return `what was written cannot be read: ${JSON.stringify(again.fault.data)}`
  if (again.value.entries.length !== cache.entries.length) return "entries were lost"
  if (again.value.hwcapNames.join("\n") !== cache.hwcapNames.join("\n"))
    return "names of capabilities changed"
  if (again.value.extensions.length !== cache.extensions.length) return "an extension was lost"
  if (keysOf(again.value) !== keysOf(cache)) return "an entry changed"
  return findDisorder(again.value)
}

/** Numbers so long that the loader itself, which counts them as `int`, has no order for them. */
const uncountable = /\d{10}/

/** The loader finds a name by halving: greater names must stand first. */
function findDisorder({ entries }: Ldcache): string | undefined {
  if (entries.some(({ soname }) => uncountable.test(soname))) return undefined
  for (const [index, one] of entries.entries()) {
    const next = entries[index + 1]
    if (next === undefined) break
    if (!(compareNames(one.soname, next.soname) >= 0))
      return `${JSON.stringify(one.soname.slice(0, 60))} stands before ${JSON.stringify(next.soname.slice(0, 60))}`
  }
  return undefined
}

const entry = (soname: string, hwcap = 0n): LdcacheEntry => ({
  soname,
  path: `/lib/x86_64-linux-gnu/${soname}`,
  flags: flagsOf["x86-64"],
  osVersion: 0,
  hwcap,
})

const made = (): readonly Uint8Array[] => [
  renderLdcache({ entries: [], hwcapNames: [], extensions: [] }),
  renderLdcache({
    entries: [
      entry("libc.so.6"),
      entry("liba.so.10"),
      entry("liba.so.9"),
      entry("libb.so.1", (1n << 62n) | 1n),
    ],
    hwcapNames: ["x86-64-v2", "x86-64-v3"],
    extensions: [{ tag: 0, flags: 0, content: Uint8Array.of(1, 2, 3, 4) }],
  }),
]

/** With the header of before glibc 2.2 in front, as distributions shipped it for long. */
function withOldHeader(cache: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + cache.length)
  bytes.set(new TextEncoder().encode(oldMagic))
  bytes.set(cache, 16)
  return bytes
}

/** A few entries whose names lie anywhere in one text, also in each other's middle. */
function compose(random: Random): Uint8Array {
  const count = random.pick([1, 2, 30, random.once(20) ? 400 : 60])
  const names = Array.from({ length: random.pick([1, 40]) }, () =>
    "a".repeat(random.pick([0, 1, 30, 4096])),
  ).join("\0")
  const start = headerBytes + count * entryBytes
  const bytes = new Uint8Array(start + names.length + 1)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(magic))
  view.setUint32(20, count, true)
  view.setUint32(24, names.length + 1, true)
  for (let index = 0; index < count; index++) {
    const at = headerBytes + index * entryBytes
    view.setInt32(at, random.pick([0x0303, 3, -1]), true)
    for (const place of [4, 8]) view.setUint32(at + place, start + random.below(names.length + 1), true)
    view.setBigUint64(at + 16, random.pick([0n, 1n, (1n << 62n) | 1n, 2n ** 64n - 1n]), true)
  }
  bytes.set(new TextEncoder().encode(names), start)
  return bytes
}

export const ldcache: FuzzTarget = {
  name: "ldcache",
  weight: 4,
  seeds: () => [
    ...made(),
    ...made().map(withOldHeader),
    ...contents(/^readFile .*\/ld\.so\.cache$/).slice(0, 3),
  ],
  tokens: [
    magic,
    oldMagic,
    "libnvidia-ml.so.1\0",
    "libcuda.so.99999999999999999999\0",
    "\0",
    "9".repeat(400),
  ],
  compose,
  check,
}
