/**
 * What the kernel makes of a program: a script and by which program it runs, an ELF file and which loader it names. Where the loader is not
 * there, "no such file or directory" is said of the program, which is. Neither of the two may still run: by binfmt_misc, or as crun
 * has it, by a shell. For which processor it is made is not judged, because an emulator may serve it.
 * Source: Linux 6.12, fs/binfmt_script.c and fs/binfmt_elf.c.
 */

import { type ElfLayout, parseElfLayout, type ReadBytes } from "../../elf/elf-layout.ts"
import { decodeLatin1, decodeUtf8 } from "../../text/utf8.ts"
import { parseInterpreter, scriptHead } from "./parse-interpreter.ts"

export type Executable =
  /** Empty: see parseInterpreter. */
  | { readonly kind: "script"; readonly interpreter: string }
  /** undefined: it needs no loader. */
  | { readonly kind: "elf"; readonly loader: string | undefined }
  | { readonly kind: "broken"; readonly problem: string }
  | { readonly kind: "other" }

export function parseExecutable(readBytes: ReadBytes, sizeBytes: number): Executable {
  const head = readBytes(scriptHead.offsetBytes, scriptHead.lengthBytes)
  const interpreter = parseInterpreter(head)
  if (interpreter !== undefined) return { kind: "script", interpreter }
  if (!decodeLatin1(head.subarray(0, 4)).startsWith("\x7fELF")) return { kind: "other" }
  // What headers lead to may lie anywhere.
  const within: ReadBytes = (offset, length) =>
    offset < sizeBytes ? readBytes(offset, length) : new Uint8Array()
  const layout = parseElfLayout(within)
  if (!layout.ok)
    return broken(layout.fault.tag === "ElfInvalid" ? layout.fault.data.problem : layout.fault.tag)
  if (!isProgram(head)) return broken("an object file or a core dump")
  return parseProgram(layout.value, sizeBytes)
}

const broken = (problem: string): Executable => ({ kind: "broken", problem })

/** By its type: with addresses of its own, or one that lies anywhere. */
const isProgram = (head: Uint8Array): boolean => (head[16] === 2 || head[16] === 3) && head[17] === 0

/** As long as a path may be. Units: bytes. */
const loaderLimit = 4096

function parseProgram({ loads, interpreter, read }: ElfLayout, sizeBytes: number): Executable {
  if (loads.length === 0) return broken("nothing of it is loaded")
  if (loads.some(({ offset, size }) => offset + size > sizeBytes)) return broken("it is cut off")
  if (interpreter === undefined) return { kind: "elf", loader: undefined }
  const name = interpreter.size > loaderLimit ? new Uint8Array() : read(interpreter.offset, interpreter.size)
  const end = name.indexOf(0)
  return end < 1 || name.at(-1) !== 0
    ? broken("the name of its loader is none")
    : { kind: "elf", loader: decodeUtf8(name.subarray(0, end)) }
}
