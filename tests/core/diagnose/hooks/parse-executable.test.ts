import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { type Executable, parseExecutable } from "../../../../src/core/diagnose/hooks/parse-executable.ts"
import { verifyCdi } from "../../../../src/core/diagnose/verify-cdi.ts"
import { segment } from "../../../../src/core/elf/elf.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"
import type { MemoryTree } from "../../../../src/host/memory.ts"
import { createRecordingHost, recordHost } from "../../../../src/host/recording.ts"
import { hookPath, subjectOf, subjectOn } from "../healthy-machine.ts"

interface ProgramShape {
  /** Bytes of the loader's name as they lie in the file; undefined: a static program. */
  readonly loader?: string
  /** 2: a program at addresses of its own, 3: anywhere. */
  readonly type?: number
  readonly loads?: number
  /** How much of the file is there. */
  readonly cutAt?: number
}

const loaderAt = 0x1000
const programBytes = 0x2000

/** An x86-64 program of two pages; the name of its loader lies in the second. */
function renderProgram({ loader, type = 3, loads = 1, cutAt = programBytes }: ProgramShape): Uint8Array {
  const bytes = new Uint8Array(programBytes)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, type, true)
  view.setUint16(18, 62, true)
  view.setBigUint64(32, 64n, true)
  view.setUint16(54, 56, true)
  const headers = [
    ...(loader === undefined
      ? []
      : [{ kind: segment.interpreter, offset: loaderAt, size: Buffer.byteLength(loader) }]),
    ...Array.from({ length: loads }, () => ({ kind: segment.load, offset: 0, size: programBytes })),
  ]
  view.setUint16(56, headers.length, true)
  for (const [index, { kind, offset, size }] of headers.entries()) {
    const at = 64 + index * 56
    view.setUint32(at, kind, true)
    view.setBigUint64(at + 8, BigInt(offset), true)
    view.setBigUint64(at + 32, BigInt(size), true)
  }
  if (loader !== undefined) bytes.set(Buffer.from(loader).subarray(0, loaderAt), loaderAt)
  return bytes.subarray(0, cutAt)
}

const parse = (bytes: Uint8Array): Executable =>
  parseExecutable((offset, length) => bytes.subarray(offset, offset + length), bytes.length)

const glibc = "/lib64/ld-linux-x86-64.so.2"

describe("what the kernel makes of a program", () => {
  test.each<[what: string, bytes: Uint8Array, expected: Executable]>([
    ["with a loader", renderProgram({ loader: `${glibc}\0` }), { kind: "elf", loader: glibc }],
    ["at its own addresses", renderProgram({ type: 2, loader: "/ld\0" }), { kind: "elf", loader: "/ld" }],
    ["without a loader", renderProgram({}), { kind: "elf", loader: undefined }],
    ["in a script", Buffer.from("#!/bin/sh\n"), { kind: "script", interpreter: "/bin/sh" }],
    ["in a script that talks of ELF", Buffer.from("#!\x7fELF"), { kind: "script", interpreter: "\x7fELF" }],
    ["for an emulator", Buffer.from("MZ\0\0"), { kind: "other" }],
    ["for a shell", Buffer.from("echo\n"), { kind: "other" }],
    ["with a word in front", Buffer.from(" \x7fELF"), { kind: "other" }],
  ])("accepted: %s", (_, bytes, expected) => {
    expect(parse(bytes)).toEqual(expected)
  })

  test.each<[what: string, bytes: Uint8Array, problem: string]>([
    ["four bytes of one", renderProgram({ cutAt: 4 }), "no ELF header"],
    ["its header alone", renderProgram({ cutAt: 64 }), "program headers lie outside"],
    ["half of it", renderProgram({ cutAt: 0x1800 }), "it is cut off"],
    ["all but a byte", renderProgram({ cutAt: programBytes - 1 }), "it is cut off"],
    ["an object file", renderProgram({ type: 1 }), "an object file or a core dump"],
    ["a core dump", renderProgram({ type: 4 }), "an object file or a core dump"],
    ["no types at all", renderProgram({ type: 0x103 }), "an object file or a core dump"],
    ["one without content", renderProgram({ loads: 0 }), "nothing of it is loaded"],
    ["a loader without a name", renderProgram({ loader: "\0" }), "the name of its loader is none"],
    ["a loader's name without an end", renderProgram({ loader: "/ld" }), "the name of its loader is none"],
    [
      "a loader's name longer than a path",
      renderProgram({ loader: `/${"x".repeat(4096)}\0` }),
      "the name of its loader is none",
    ],
  ])("refused: %s", (_, bytes, problem) => {
    expect(parse(bytes)).toEqual({ kind: "broken", problem })
  })

  test("a real program has a loader that is there", () => {
    const executable = parse(readFileSync(process.execPath))
    expect(executable.kind).toBe("elf")
    if (executable.kind === "elf" && executable.loader !== undefined)
      expect(existsSync(executable.loader)).toBe(true)
  })

  test("of a header that leads far away nothing is read", () => {
    const bytes = renderProgram({})
    new DataView(bytes.buffer).setBigUint64(32, 1n << 50n, true)
    const asked: number[] = []
    const executable = parseExecutable((offset, length) => {
      asked.push(offset)
      return bytes.subarray(offset, offset + length)
    }, bytes.length)
    expect(executable).toEqual({ kind: "broken", problem: "program headers lie outside" })
    expect(asked.every((offset) => offset < bytes.length)).toBe(true)
  })
})

describe("a hook's program in ELF", () => {
  const programOf = (shape: ProgramShape): MemoryTree[string] => ({
    kind: "file",
    content: renderProgram(shape),
    mode: 0o755,
  })
  const hookOf = (shape: ProgramShape) => ({ [hookPath]: programOf(shape) })
  const wordsOf = (machine: Readonly<Record<string, MemoryTree[string]>>): readonly string[] =>
    verifyCdi(subjectOf({ machine })).map(({ fault }) => renderFaultLine(fault))
  const loader = { kind: "file", content: "a loader", mode: 0o755 } as const

  test.each<[what: string, machine: Readonly<Record<string, MemoryTree[string]>>]>([
    ["with its loader", { ...hookOf({ loader: `${glibc}\0` }), [glibc]: loader }],
    [
      "with its loader behind links",
      {
        ...hookOf({ loader: `${glibc}\0` }),
        "/lib64": { kind: "symlink", target: "usr/lib64" },
        "/usr/lib64/ld-linux-x86-64.so.2": { kind: "symlink", target: "../lib/ld.so" },
        "/usr/lib/ld.so": loader,
      },
    ],
    ["that needs none", hookOf({})],
  ])("accepted: %s", (_, machine) => {
    expect(wordsOf(machine)).toEqual([])
  })

  const start = `/etc/cdi/nvidia.yaml:31:17: error executing hook "${hookPath}"`
  const end = "no container with it starts"
  const unusable = `[GAN4115]: install "${glibc}" so that it may be executed, or have ${hookPath} as it is built for this machine`

  test.each<[what: string, machine: Readonly<Record<string, MemoryTree[string]>>, words: string]>([
    [
      "whose loader is not there",
      hookOf({ loader: `${glibc}\0` }),
      `${start}: its interpreter "${glibc}": no such file or directory: ${end} ${unusable}`,
    ],
    [
      "whose loader may not be executed",
      { ...hookOf({ loader: `${glibc}\0` }), [glibc]: { ...loader, mode: 0o644 } },
      `${start}: its interpreter "${glibc}": mode 644 lets nobody execute it: ${end} ${unusable}`,
    ],
    [
      "that is cut off",
      hookOf({ cutAt: 0x1800 }),
      `${start}: it is not a program: it is cut off: ${end} [GAN4111]: install the program anew, or generate the specification anew with the hooks of this machine`,
    ],
  ])("refused: %s", (_, machine, words) => {
    expect(wordsOf(machine)).toEqual([words])
  })

  test("is judged by a recording as it was on the machine", () => {
    const { host } = subjectOf({ machine: hookOf({ loader: `${glibc}\0` }) })
    const recorder = recordHost(host)
    const seen = verifyCdi(subjectOn(recorder.host))
    expect(seen.map(({ fault }) => fault.tag)).toEqual(["CdiHookInterpreterUnusable"])
    expect(verifyCdi(subjectOn(createRecordingHost(recorder.recording(), "replay")))).toEqual(seen)
  })
})
