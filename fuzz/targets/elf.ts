/** ELF files: heads of libraries with one wrong number, and bytes that share nothing with one but their first four. */

import { readCompatNote } from "../../src/core/compat/compat-note.ts"
import type { ElfFile } from "../../src/core/elf/elf.ts"
import { parseElfLayout, type ReadBytes } from "../../src/core/elf/elf-layout.ts"
import { parseElfFrom } from "../../src/core/elf/parse-elf.ts"
import { parseElfWithDemands } from "../../src/core/elf/parse-elf-demands.ts"
import { renderElf } from "../../src/core/elf/render-elf.ts"
import { contents } from "../corpus.ts"
import { checkResult, firstOf } from "../invariants.ts"
import type { Random } from "../random.ts"
import type { FuzzTarget } from "../target.ts"

/** What a library may cost: of a file of any size only pieces are read. Units: bytes. */
const readLimit = 4 * 1024 * 1024

/** The version of every symbol that a file needs is asked for record by record. Units: bytes. */
const demandsReadLimit = 32 * 1024 * 1024

interface CountedFile {
  readonly read: ReadBytes
  /** What was asked that no parser may ask. */
  readonly problem: () => string | undefined
}

/** The input, with a hole behind it up to a size. */
function countReads(input: Uint8Array, sizeBytes: number, limit: number): CountedFile {
  let asked = 0
  let problem: string | undefined
  return {
    problem: () => problem,
    read(offset, length) {
      if (!(Number.isSafeInteger(offset) && offset >= 0 && length >= 0))
        problem ??= `asks for ${length} bytes at ${offset}`
      const end = Math.min(offset + length, sizeBytes)
      const size = Math.max(0, end - offset)
      asked += size
      if (asked > limit) problem ??= `asks for ${asked} bytes of a file of ${sizeBytes}`
      if (problem !== undefined) return new Uint8Array()
      const bytes = new Uint8Array(size)
      bytes.set(input.subarray(offset, Math.min(end, input.length)))
      return bytes
    },
  }
}

/** The file as it is, and as the beginning of one of 4 GiB. */
function check(input: Uint8Array): string | undefined {
  for (const sizeBytes of [input.length, 4 * 1024 ** 3]) {
    const plain = countReads(input, sizeBytes, readLimit)
    const wrong = checkResult(parseElfFrom(plain.read), checkRoundTrip)
    const demanding = countReads(input, sizeBytes, demandsReadLimit)
    const unwelcome = checkResult(parseElfWithDemands(demanding.read), () => undefined)
    const noted = countReads(input, sizeBytes, readLimit)
    const misread = checkResult(parseElfLayout(noted.read), (layout) =>
      readCompatNote(layout).kind === undefined ? "no answer about a note" : undefined,
    )
    const problem = firstOf(plain.problem(), wrong, demanding.problem(), unwelcome, noted.problem(), misread)
    if (problem !== undefined) return problem
  }
  return undefined
}

function checkRoundTrip({ machine, soname, needed }: ElfFile): string | undefined {
  if (soname === undefined || (machine !== "x86-64" && machine !== "aarch64")) return undefined
  if (![soname, ...needed].every((name) => /^[\x20-\x7e]*$/.test(name))) return undefined
  const bytes = renderElf({ machine, soname, needed, symbol: "x", answer: 1 })
  const again = parseElfFrom((offset, length) => bytes.subarray(offset, offset + length))
  const isSame =
    again.ok && again.value.soname === soname && again.value.needed.join("\n") === needed.join("\n")
  return isSame ? undefined : "what is written is not read back"
}

const made = (): readonly Uint8Array[] => [
  renderElf({ machine: "x86-64", soname: "libx.so.1", needed: [], symbol: "x", answer: 1 }),
  renderElf({
    machine: "aarch64",
    soname: "libcuda.so.1",
    needed: ["libc.so.6", "libnvidia-ml.so.1"],
    symbol: "cuInit",
    answer: 2,
  }),
]

export const elf: FuzzTarget = {
  name: "elf",
  weight: 10,
  seeds: () => [...made(), ...contents(/^readFile .*\.so\.[\d.]+ 0 \d+$/).slice(0, 40)],
  tokens: ["\u007fELF", "\0", "libx.so.1"],
  check,
}

/** A magic number, a class and an order, then anything. */
function composeRandom(random: Random): Uint8Array {
  const bytes = Uint8Array.from({ length: random.below(random.pick([70, 300, 3000])) }, () =>
    random.once(3) ? random.below(4) : random.below(256),
  )
  bytes.set([0x7f, 0x45, 0x4c, 0x46, random.pick([1, 2, 2, 3]), 1].slice(0, bytes.length))
  return bytes
}

export const elfRandom: FuzzTarget = {
  name: "elf-random",
  weight: 6,
  seeds: () => [new Uint8Array(), Uint8Array.of(0x7f, 0x45, 0x4c, 0x46)],
  tokens: [],
  compose: composeRandom,
  check,
}
