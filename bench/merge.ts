/**
 * What bench/ldcache.ts compiles and runs, one process a figure: the first merge of a driver's entries into an image's cache.
 *   merge CACHE
 * Prints nanoseconds and the bytes that the cache has grown by, so that a merge that did nothing cannot be fast.
 */

import { readFileSync, writeSync } from "node:fs"
import { flagsOf, type LdcacheEntry } from "../src/core/ldcache/ldcache.ts"
import { mergeLdcache } from "../src/core/ldcache/render-ldcache.ts"

const driverLibraries = 70

const added = Array.from(
  { length: driverLibraries },
  (_, index): LdcacheEntry => ({
    soname: `libnvidia-made${index}.so.550.163.01`,
    path: `/usr/lib/x86_64-linux-gnu/libnvidia-made${index}.so.550.163.01`,
    flags: flagsOf["x86-64"],
    osVersion: 0,
    hwcap: 0n,
  }),
)
const cache = new Uint8Array(readFileSync(process.argv[2] ?? ""))
const begun = Bun.nanoseconds()
const merged = mergeLdcache(cache, added)
const took = Bun.nanoseconds() - begun
writeSync(1, `${took} ${merged.ok ? merged.value.length - cache.length : 0}\n`)
process.exit(0)
