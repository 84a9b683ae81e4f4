import { expect, test } from "bun:test"
import { closeSync, openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readSmallFile, readSmallText, readUpTo } from "../../../src/host/files/read-up-to.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("read")

const content = Uint8Array.from({ length: 20_000 }, (_, index) => index % 251)
const file = join(work, "file")
writeFileSync(file, content)

function read(expected: number, limit: number, offset?: number): Uint8Array {
  const descriptor = openSync(file, "r")
  try {
    return readUpTo(descriptor, expected, limit, offset)
  } finally {
    closeSync(descriptor)
  }
}

test.each([
  ["nothing", 0],
  ["less than there is", 5000],
  ["as much", 20_000],
  ["more", 100_000],
])("all is read, with %s expected", (_, expected) => {
  expect(read(expected, 1_000_000)).toEqual(content)
})

test.each([
  [0, 0],
  [0, 1],
  [0, 19_999],
  [0, 20_000],
  [0, 20_001],
  [20_000, 4096],
  [20_000, 4097],
])("with %d expected no more than %d is", (expected, limit) => {
  expect(read(expected, limit)).toEqual(content.subarray(0, limit))
})

test.each([
  [0, 10],
  [19_990, 10],
  [19_990, 100],
  [20_000, 10],
  [30_000, 10],
])("at %d, %d", (offset, length) => {
  expect(read(length, length, offset)).toEqual(content.subarray(offset, offset + length))
  // A file that is shorter than the place: what is expected of it is less than nothing.
  expect(read(content.length - offset, length, offset)).toEqual(content.subarray(offset, offset + length))
})

test("what was read stays, whatever is read after it", () => {
  const first = read(100, 100, 0)
  const second = read(100, 100, 5000)
  expect(first).toEqual(content.subarray(0, 100))
  expect(second).toEqual(content.subarray(5000, 5100))
  expect(first.buffer.byteLength).toBe(100)
})

test("a file of the kernel's, which says that it has no size", () => {
  expect(readSmallText("/proc/self/stat")).toStartWith(`${process.pid} (`)
  expect(readSmallText(join(work, "none"))).toBe("")
  expect(readSmallText(work)).toBe("")
  expect(() => readSmallFile(join(work, "none"))).toThrow("ENOENT")
})
