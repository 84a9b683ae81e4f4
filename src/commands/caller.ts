/**
 * Who called this program, and what becomes of the caller's process in the end. Started by itself, that is this process; behind the
 * launcher it is the launcher, which acts on a verdict. Source of both formats: src/launcher/hand-over.c.
 */

import { writeSync } from "node:fs"
import type { Fault } from "../core/fault/fault.ts"
import { decodeUtf8, encodeUtf8 } from "../core/text/utf8.ts"
import { kernelLimit, readSmallFile, readUpTo } from "../host/files/read-up-to.ts"

export interface Caller {
  readonly arguments: readonly string[]
  /** As the kernel gave it: what is no UTF-8, and what is there twice, included. */
  readonly environment: readonly string[]
  /** Of the process that has called, as this process's namespace counts; 0: it is in none that this one sees. */
  readonly parentPid: number
  /** Ends in another program with these arguments (its own name first) and this environment; a fault: it could not be started. */
  become(path: string, argv: readonly string[], environment: readonly string[]): Promise<Fault | number>
  /** Ends in another program with the caller's own arguments, but for its name, and its own environment. */
  passOn(path: string): Promise<Fault | number>
}

/** This process itself. Its arguments are Bun's view of them: what is no UTF-8 is lost. */
export function ownCaller(args: readonly string[]): Caller {
  const environment = entriesOf(decodeUtf8(readSmallFile("/proc/self/environ")))
  const become: Caller["become"] = async (path, argv, entries) =>
    (await import("../linux/exec.ts")).becomeProgram(path, argv, entries)
  return {
    arguments: args,
    environment,
    parentPid: process.ppid,
    become,
    passOn: (path) => become(path, [path, ...args], environment),
  }
}

const callDescriptor = 3
const verdictDescriptor = 4

/** What the launcher was called with; undefined: nobody wrote that down. */
export function launchedCaller():
  | (Caller & { readonly name: string; readonly workingDirectory: string })
  | undefined {
  const texts = decodeUtf8(readCall()).split("\0")
  if (texts.shift() !== "gantry-call 2") return undefined
  const workingDirectory = texts.shift() ?? ""
  const parentPid = Number(texts.shift() ?? 0)
  const takeList = (): readonly string[] => texts.splice(0, Number(texts.shift() ?? 0))
  const [name = "", ...args] = takeList()
  const environment = takeList()
  return {
    name,
    workingDirectory,
    arguments: args,
    environment,
    parentPid,
    become(path, argv, entries) {
      writeVerdict(["exec", path, String(argv.length), ...argv, String(entries.length), ...entries])
      return Promise.resolve(0)
    },
    passOn(path) {
      writeVerdict(["own", path])
      return Promise.resolve(0)
    },
  }
}

function readCall(): Uint8Array {
  try {
    return readUpTo(callDescriptor, 0, kernelLimit)
  } catch {
    return new Uint8Array()
  }
}

/** The launcher acts on the first verdict that is whole. */
export function writeVerdict(texts: readonly string[]): void {
  let bytes: Uint8Array = encodeUtf8(`${[...texts, "."].join("\0")}\0`)
  while (bytes.length > 0) bytes = bytes.subarray(writeSync(verdictDescriptor, bytes))
}

const entriesOf = (text: string): readonly string[] => text.split("\0").filter((entry) => entry !== "")

export function variableOf({ environment }: Caller, name: string): string | undefined {
  return environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1)
}
