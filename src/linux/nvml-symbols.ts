/**
 * The functions of the vendor's management library, opened one by one: a library that lacks some serves with the others, under the names
 * that it has. Source: NVML API reference (nvml.h of CUDA 12).
 */

import { dlopen, FFIType } from "bun:ffi"
import { existsSync } from "node:fs"

/** Arguments as C sees them: addresses, handles and numbers are all given as 64 bits. */
export type Call = (...args: readonly (number | bigint)[]) => number

export interface NvmlSymbols {
  /** The first of the names that the library has; undefined, and noted as missing, when it has none. */
  find(argumentCount: number, ...names: readonly [string, ...string[]]): Call | undefined
  readonly missing: readonly string[]
}

/** Or why the library cannot be loaded. */
export function openNvmlSymbols(library: string): NvmlSymbols | string {
  if (!existsSync(library)) return "no such file"
  const missing: string[] = []
  let problem: string | undefined
  const open = (name: string, argumentCount: number): Call | undefined => {
    try {
      const args = Array.from({ length: argumentCount }, () => FFIType.u64)
      const opened = dlopen(library, { [name]: { args, returns: FFIType.i32 } })
      return opened.symbols[name] as unknown as Call
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
      return undefined
    }
  }
  // A library that has none of these cannot be loaded, or is no NVML; one that lacks something else is asked for the rest.
  if (["nvmlInit_v2", "nvmlInit", "nvmlShutdown"].every((name) => open(name, 0) === undefined))
    return problem ?? "it cannot be loaded"
  return {
    missing,
    find(argumentCount, ...names) {
      for (const name of names) {
        const found = open(name, argumentCount)
        if (found !== undefined) return found
      }
      missing.push(names[0])
      return undefined
    },
  }
}

/** What NVML means by a status, and which of its functions this library lacks. */
export function describeStatus(symbols: NvmlSymbols, status: number): string {
  // nvmlErrorString returns an address; the numbers are few and stable.
  const known: Readonly<Record<number, string>> = {
    2: "invalid argument",
    3: "not supported",
    4: "insufficient permissions",
    6: "not found",
    9: "driver not loaded",
    10: "timed out",
    11: "irq issue",
    12: "library not found",
    13: "function not found",
    15: "gpu is lost",
    16: "gpu requires reset",
    18: "driver/library version mismatch",
    999: "unknown error",
  }
  return `${known[status] ?? "error"} (${status})${symbols.missing.length === 0 ? "" : `, no ${symbols.missing.join(", ")}`}`
}
