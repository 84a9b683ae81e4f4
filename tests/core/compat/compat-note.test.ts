import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { type CompatNote, readCompatNote } from "../../../src/core/compat/compat-note.ts"
import { compatDirectory, observeCompat } from "../../../src/core/compat/observe-compat.ts"
import { parseElfLayout } from "../../../src/core/elf/elf-layout.ts"
import { readerOf } from "../../../src/core/elf/parse-elf.ts"
import { viewRoot } from "../../../src/core/host/root-view.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { propertyRuns } from "../../property-runs.ts"
import { compatLibrary, renderNote, withSection } from "./compat-library.ts"

const json = '{"CUDA Version":"12.4","Driver":[535,"550"]}'
const name = ".note.cuda.fwd_compatibility"
const read = (bytes: Uint8Array): CompatNote => {
  const layout = parseElfLayout(readerOf(bytes))
  if (!layout.ok) throw new Error(JSON.stringify(layout.fault.data))
  return readCompatNote(layout.value)
}
const expected: CompatNote = { kind: "note", cudaVersion: "12.4", driverBranches: [535, 550] }

describe("the note of a compatibility library", () => {
  test.each(["x86-64", "aarch64", "i386"] as const)("is read on %s", (machine) => {
    expect(read(withSection(name, renderNote("NVIDIA Corporation", json), machine))).toEqual(expected)
  })

  test("may stand behind another's, and end with zeros", () => {
    const own = renderNote("NVIDIA Corporation", `${json}\0\0`)
    expect(read(withSection(name, Uint8Array.from([...renderNote("GNU", "xyz"), ...own])))).toEqual(expected)
  })

  test.each([
    ["a section of another name", withSection(".note.gnu", renderNote("NVIDIA Corporation", json)), "none"],
    ["another owner", compatLibrary(json, "GNU"), "malformed"],
    ["no JSON", compatLibrary("12.4"), "malformed"],
    ["text behind the JSON", compatLibrary(`${json} {}`), "malformed"],
    ["keys in another case", compatLibrary(json.toLowerCase()), "malformed"],
    ["no CUDA version", compatLibrary('{"Driver":[535]}'), "malformed"],
    ["no branches", compatLibrary('{"CUDA Version":"12.4"}'), "malformed"],
    ["nothing", withSection(name, new Uint8Array()), "malformed"],
  ])("%s: %#", (_, bytes, kind) => {
    expect(read(bytes).kind).toBe(kind as never)
  })

  test("of a file that is cut anywhere, or changed anywhere, something is said, and nothing is thrown", () => {
    const whole = compatLibrary(json)
    for (let length = 64; length < whole.length; length += 7) {
      const layout = parseElfLayout(readerOf(whole.subarray(0, length)))
      if (layout.ok) expect(readCompatNote(layout.value).kind).toBeString()
    }
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = whole.slice()
        changed[at] = byte
        const layout = parseElfLayout(readerOf(changed))
        if (layout.ok) expect(readCompatNote(layout.value).kind).toBeString()
      }),
      { numRuns: propertyRuns(500) },
    )
  })
})

describe("compatibility libraries of an image", () => {
  const file = (content: Uint8Array | string) => ({ kind: "file", content }) as const
  const link = (target: string) => ({ kind: "symlink", target }) as const
  test("are files with a version of two parts or more; where the directory really lies is said", () => {
    const tree = viewRoot(
      createMemoryHost({
        "/usr/local/cuda": link("cuda-12.4"),
        "/usr/local/cuda-12.4/compat/libcuda.so.550.54.14": file(compatLibrary(json)),
        "/usr/local/cuda-12.4/compat/libcuda.so.1": link("libcuda.so.550.54.14"),
        "/usr/local/cuda-12.4/compat/libcuda.so.2.3": link("libcuda.so.550.54.14"),
        "/usr/local/cuda-12.4/compat/libcuda.so.1.5": { kind: "fifo" },
        "/usr/local/cuda-12.4/compat/libcuda.so.7": file("x"),
        "/usr/local/cuda-12.4/compat/libcudadebugger.so.550.54.14": file("x"),
        "/usr/local/cuda-12.4/compat/libcuda.so.560.1.1/x": file("x"),
      }),
      hostPath("/"),
    )
    expect(observeCompat(tree, compatDirectory)).toEqual({
      directory: "/usr/local/cuda-12.4/compat",
      libraries: [
        { path: "/usr/local/cuda-12.4/compat/libcuda.so.550.54.14", version: "550.54.14", note: expected },
      ],
    })
  })

  test("a file that is no library has no note; an image without the directory has none", () => {
    const tree = viewRoot(createMemoryHost({ "/c/libcuda.so.1.1": file("not ELF") }), hostPath("/"))
    expect(observeCompat(tree, "/c").libraries).toMatchObject([{ note: { kind: "none" } }])
    expect(observeCompat(tree, "/d").libraries).toEqual([])
  })
})
