import { describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { compareNames } from "../../../src/core/ldcache/compare-names.ts"
import { flagsOf, type LdcacheEntry } from "../../../src/core/ldcache/ldcache.ts"
import { parseLdcache } from "../../../src/core/ldcache/parse-ldcache.ts"
import { mergeLdcache, renderLdcache } from "../../../src/core/ldcache/render-ldcache.ts"

const entry: fc.Arbitrary<LdcacheEntry> = fc.record({
  soname: fc.stringMatching(/^lib[a-z0-9_+-]{1,10}\.so\.[0-9]{1,3}$/),
  path: fc.stringMatching(/^\/[a-z0-9/]{1,20}$/),
  flags: fc.constantFrom(flagsOf["x86-64"], flagsOf.i386),
  osVersion: fc.constant(0),
  hwcap: fc.constantFrom(0n, 1n << 62n),
})

const parsed = (bytes: Uint8Array): readonly LdcacheEntry[] => {
  const result = parseLdcache(bytes)
  if (!result.ok) throw new Error(JSON.stringify(result.fault.data))
  return result.value.entries
}

describe("the loader's cache", () => {
  test("entries come back, in the loader's order", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const read = parsed(renderLdcache({ entries, hwcapNames: [], extensions: [] }))
        expect(read.length).toBe(entries.length)
        for (const [index, one] of read.entries()) {
          const next = read[index + 1]
          if (next !== undefined) expect(compareNames(one.soname, next.soname)).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })

  test("merging keeps every old entry but those it replaces, and the extension section", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), fc.array(entry, { maxLength: 5 }), (old, added) => {
        const content = Uint8Array.of(1, 2, 3)
        const merged = mergeLdcache(
          renderLdcache({ entries: old, hwcapNames: [], extensions: [{ tag: 0, flags: 0, content }] }),
          added,
        )
        const result = merged.ok ? parseLdcache(merged.value) : merged
        if (!result.ok) throw new Error("not readable")
        expect(result.value.extensions.map((one) => [...one.content])).toEqual([[1, 2, 3]])
        const has = (one: LdcacheEntry): boolean =>
          result.value.entries.some(
            ({ soname, path, flags, hwcap }) =>
              soname === one.soname && path === one.path && flags === one.flags && hwcap === one.hwcap,
          )
        const isReplaced = (one: LdcacheEntry): boolean =>
          added.some(
            ({ soname, flags, hwcap }) => soname === one.soname && flags === one.flags && hwcap === one.hwcap,
          )
        for (const one of old) if (!isReplaced(one)) expect(has(one)).toBe(true)
        for (const one of added) expect(has(one)).toBe(true)
      }),
    )
  })

  test("a cache that is garbage, cut off or missing counts as empty", () => {
    const whole = renderLdcache({
      entries: [{ soname: "liba.so", path: "/a", flags: 3, osVersion: 0, hwcap: 0n }],
      hwcapNames: [],
      extensions: [],
    })
    for (let length = 0; length < whole.length; length++)
      expect(mergeLdcache(whole.subarray(0, length), []).ok).toBe(true)
    expect(mergeLdcache(undefined, []).ok).toBe(true)
    expect(mergeLdcache(new TextEncoder().encode("x".repeat(200)), []).ok).toBe(true)
  })

  test("names of hardware capabilities are written anew, and their entries come first, in the order of their numbers", () => {
    const at = (hwcap: bigint, path: string): LdcacheEntry => ({
      soname: "libz.so.1",
      path,
      flags: 3,
      osVersion: 0,
      hwcap,
    })
    const bit = 1n << 62n
    const entries = [at(0n, "/plain"), at(bit | 1n, "/v3"), at(bit, "/v2")]
    const old = renderLdcache({ entries, hwcapNames: ["x86-64-v2", "x86-64-v3"], extensions: [] })
    const merged = mergeLdcache(old, [{ soname: "liba.so.1", path: "/a", flags: 3, osVersion: 0, hwcap: 0n }])
    const read = merged.ok ? parseLdcache(merged.value) : merged
    if (!read.ok) throw new Error("not readable")
    expect(read.value.hwcapNames).toEqual(["x86-64-v2", "x86-64-v3"])
    expect(read.value.entries.map(({ path }) => path)).toEqual(["/v2", "/v3", "/plain", "/a"])
  })

  const own = "/etc/ld.so.cache"
  test.if(existsSync(own))("this machine's own cache is read, and written again in the same order", () => {
    const bytes = new Uint8Array(readFileSync(own))
    const before = parseLdcache(bytes)
    if (!before.ok) throw new Error(JSON.stringify(before.fault.data))
    expect(before.value.entries.length).toBeGreaterThan(5)
    expect(parsed(renderLdcache(before.value))).toEqual([...before.value.entries])
  })

  const ldconfig = "/sbin/ldconfig"
  test.if(existsSync(ldconfig) && existsSync(own))(
    "the real ldconfig prints a merged cache, with all old names and ours",
    () => {
      const directory = mkdtempSync(join(tmpdir(), "gantry-ldcache-"))
      try {
        const ours = {
          soname: "libcuda.so.1",
          path: "/usr/lib64/libcuda.so.1",
          flags: flagsOf["x86-64"],
          osVersion: 0,
          hwcap: 0n,
        }
        const merged = mergeLdcache(new Uint8Array(readFileSync(own)), [ours])
        if (!merged.ok) throw new Error("not merged")
        writeFileSync(join(directory, "cache"), merged.value)
        const printed = spawnSync(ldconfig, ["-p", "-C", join(directory, "cache")], {
          encoding: "utf8",
        }).stdout
        expect(printed).toContain("libcuda.so.1 (libc6,x86-64) => /usr/lib64/libcuda.so.1")
        const old = spawnSync(ldconfig, ["-p", "-C", own], { encoding: "utf8" })
          .stdout.split("\n")
          .filter((line) => line.startsWith("\t") && !line.includes("libcuda.so.1 "))
        for (const line of old) expect(printed).toContain(line)
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    },
  )
})
