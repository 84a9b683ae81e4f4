import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { dynamicTag } from "../../../src/core/elf/elf.ts"
import { parseElfLayout } from "../../../src/core/elf/elf-layout.ts"
import { readerOf } from "../../../src/core/elf/parse-elf.ts"
import { parseElfWithDemands } from "../../../src/core/elf/parse-elf-demands.ts"
import { renderElf } from "../../../src/core/elf/render-elf.ts"
import { example } from "./shared-object.ts"

/** The example with the value of one dynamic entry replaced. */
function withTag(tag: number, value: number): Uint8Array {
  const bytes = renderElf(example)
  const view = new DataView(bytes.buffer)
  for (let at = 0x1000; at + 16 <= bytes.length; at += 16)
    if (view.getUint32(at, true) === tag) view.setUint32(at + 8, value, true)
  return bytes
}

/** The example with one word of its version records replaced; they begin where the dynamic section says. */
function withVersionWord(at: number, value: number): Uint8Array {
  const bytes = renderElf(example)
  const layout = parseElfLayout(readerOf(bytes))
  const start = layout.ok ? layout.value.tags?.find(({ tag }) => tag === dynamicTag.neededVersions)?.value : 0
  new DataView(bytes.buffer).setUint32((start ?? 0) + at, value, true)
  return bytes
}

describe("what a file demands", () => {
  test("the oldest kernel and the versions of symbols", () => {
    expect(parseElfWithDemands(readerOf(renderElf(example)))).toMatchObject({
      ok: true,
      value: { abi: example.abi, neededVersions: example.neededVersions },
    })
  })

  test.each([
    [
      "a table of versions that lies nowhere",
      withTag(dynamicTag.neededVersions, 0x7fffffff),
      "the needed versions lie outside",
    ],
    [
      "a billion files whose versions are needed",
      withTag(dynamicTag.neededVersionCount, 1e9),
      "versions of more files are needed than any file needs",
    ],
    ["a version that lies beyond the end", withVersionWord(8, 0x7fffff00), "the needed versions lie outside"],
    [
      "a file whose name lies beyond the strings",
      withVersionWord(4, 0x7fffff00),
      "the name of a needed version lies outside",
    ],
    [
      "sixty thousand versions of one file",
      withVersionWord(0, 0xffff0001),
      "more versions are needed than any file needs",
    ],
  ])("%s is refused with its reason", (_, bytes, problem) => {
    expect(parseElfWithDemands(readerOf(bytes))).toMatchObject({ ok: false, fault: { data: { problem } } })
  })

  test("a record that names itself as the next comes to an end", () => {
    // The first record's `next` leads back into it; the count bounds the walk.
    const result = parseElfWithDemands(readerOf(withVersionWord(16 + 12, 1)))
    expect(typeof result.ok).toBe("boolean")
  })

  const libc = [
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/lib/aarch64-linux-gnu/libc.so.6",
    "/lib64/libc.so.6",
  ].find(existsSync)
  test.if(libc !== undefined)("this machine's own libc needs Linux and the loader's private symbols", () => {
    const result = parseElfWithDemands(readerOf(new Uint8Array(readFileSync(libc ?? ""))))
    if (!result.ok) throw new Error(JSON.stringify(result.fault.data))
    expect(result.value.abi?.os).toBe("linux")
    expect(result.value.abi?.version[0]).toBeGreaterThanOrEqual(2)
    expect(result.value.neededVersions.flatMap(({ versions }) => versions)).toContain("GLIBC_PRIVATE")
  })
})
