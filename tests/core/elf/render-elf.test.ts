import { describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { renderElf, type SharedObject } from "../../../src/core/elf/render-elf.ts"
import { example } from "./shared-object.ts"

const reader = "readelf"
const hasReadelf = spawnSync(reader, ["--version"]).status === 0

/** Everything that binutils tells of an object; the second: its complaints. */
function readelf(object: SharedObject, ...options: readonly string[]): readonly [string, string] {
  const directory = mkdtempSync(join(tmpdir(), "gantry-elf-"))
  try {
    writeFileSync(join(directory, "object"), renderElf(object))
    const { stdout, stderr } = spawnSync(
      reader,
      [...(options.length === 0 ? ["-a"] : options), "-W", join(directory, "object")],
      { encoding: "utf8" },
    )
    return [stdout, stderr]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

describe("a written shared object", () => {
  test.if(hasReadelf).each(["x86-64", "aarch64", "i386"] as const)(
    "for %s is read by binutils without a complaint",
    (machine) => {
      const [text, complaints] = readelf({ ...example, machine })
      expect(complaints).toBe("")
      const words = { "x86-64": "Advanced Micro Devices X86-64", aarch64: "AArch64", i386: "Intel 80386" }
      for (const word of [words[machine], "[libx.so.1]", "[liby.so]", "VERNEEDNUM", "OS: Linux, ABI: 3.2.0"])
        expect(text).toContain(word)
      const sections = text.matchAll(/^ +\[ *\d+\] (\.\S+) +([A-Z]+) /gm)
      expect([...sections].map(([, name, type]) => `${name} ${type}`)).toEqual([
        ".note.ABI-tag NOTE",
        ".hash HASH",
        ".dynsym DYNSYM",
        ".gnu.version VERSYM",
        ".gnu.version_r VERNEED",
        ".dynstr STRTAB",
        ".text PROGBITS",
        ".dynamic DYNAMIC",
        ".shstrtab STRTAB",
      ])
    },
  )

  // Go's reader of ELF files and libelf know a file by its sections; the loader, and Gantry, by its segments.
  test.if(hasReadelf)("says the same by its sections as by its segments", () => {
    const bySection = readelf(example, "-d", "-n", "-V", "--dyn-syms")[0]
    const bySegment = readelf(example, "-D", "-d", "--dyn-syms")[0]
    for (const [text, words] of [
      [bySection, ["[libx.so.1]", "[libc.so.6]", "GLIBC_2.2.5", ".note.ABI-tag", "FUNC    GLOBAL DEFAULT"]],
      [bySegment, ["[libx.so.1]", "[libc.so.6]", "FUNC    GLOBAL DEFAULT"]],
    ] as const)
      for (const word of words) expect(text).toContain(word)
  })

  test("has no note and no versions when none are asked for", () => {
    const { abi: _, neededVersions: __, ...plain } = example
    expect(renderElf(plain).length).toBeLessThan(renderElf(example).length)
  })
})
