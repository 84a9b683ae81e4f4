/** The launcher's pure functions as a shared object, so that what it does in front of a start can be asked from here. */

import { dlopen, FFIType, ptr, toArrayBuffer } from "bun:ffi"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface ScanLibrary {
  readCall(args: readonly string[]): { readonly subcommand: string; readonly bundle: string | undefined }
  hasTrigger(spec: Uint8Array, words: readonly string[]): boolean
}

const kinds = ["other", "create", "run"] as const
const root = join(import.meta.dir, "..")

/** undefined: there is no compiler. */
export function openScanLibrary(): ScanLibrary | undefined {
  const directory = mkdtempSync(join(tmpdir(), "gantry-scan-"))
  try {
    const path = join(directory, "scan.so")
    const sources = ["src/launcher/scan.c", "fuzz/scan-door.c"].map((one) => join(root, one))
    const made = spawnSync("cc", ["-std=c11", "-O1", "-shared", "-fPIC", "-o", path, ...sources], {
      encoding: "utf8",
    })
    if (made.error !== undefined) return undefined
    if (made.status !== 0) throw new Error(made.stderr)
    return asLibrary(open(path))
  } finally {
    // What is loaded stays.
    rmSync(directory, { recursive: true, force: true })
  }
}

function open(path: string) {
  const { ptr: pointer, u64, i32 } = FFIType
  return dlopen(path, {
    door_read_call: { args: [pointer, pointer], returns: i32 },
    door_has_trigger: { args: [pointer, u64, pointer], returns: i32 },
  }).symbols
}

const zeroed = (text: string): Uint8Array => new Uint8Array(Buffer.from(`${text}\0`, "utf8"))

const asLibrary = (library: ReturnType<typeof open>): ScanLibrary => ({
  /** Arguments end with zeros, and an empty one more ends them. */
  readCall(args) {
    const texts = ["program", ...args].map(zeroed)
    const table = new BigUint64Array(texts.length + 1)
    texts.forEach((text, index) => {
      table[index] = BigInt(ptr(text))
    })
    const found = new BigInt64Array(1)
    const kind = library.door_read_call(ptr(table), ptr(found))
    const place = Number(found[0])
    return { subcommand: kinds[kind] ?? "?", bundle: place === 0 ? undefined : textAt(place) }
  },
  hasTrigger(spec, words) {
    const padded = spec.length === 0 ? new Uint8Array(1) : spec
    return library.door_has_trigger(ptr(padded), spec.length, ptr(zeroed(words.join("\n")))) === 1
  },
})

function textAt(place: number): string {
  const bytes = new Uint8Array(toArrayBuffer(place as never, 0, 8192))
  return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString("utf8")
}
