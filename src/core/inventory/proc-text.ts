/** The small text files of proc and sysfs: one line, or `Key: value` lines. */

import type { HostFiles } from "../host/host.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { decodeUtf8 } from "../text/utf8.ts"
import type { Sourced } from "./inventory.ts"

/** Forty thousand sockets fit; what a file has beyond it is nothing that a kernel wrote. Units: bytes. */
const textLimit = 4 * 1024 * 1024

/** undefined: the file cannot be read. */
export function readText(host: Pick<HostFiles, "readFile">, path: string): string | undefined {
  const content = host.readFile(hostPath(path))
  return content.ok ? decodeUtf8(content.value.subarray(0, textLimit)) : undefined
}

/** The first group of a pattern, with where it was found. */
export function readMatch(host: HostFiles, path: HostPath, pattern: RegExp): Sourced<string> | undefined {
  const text = readText(host, path)
  const value = text === undefined ? undefined : pattern.exec(text)?.[1]
  return value === undefined ? undefined : { value, source: path }
}

/** `Key:  value` lines; the last of a repeated key counts. Empty when the file cannot be read. */
export function readFields(host: Pick<HostFiles, "readFile">, path: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of (readText(host, path) ?? "").split("\n")) {
    const colon = line.indexOf(":")
    if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim())
  }
  return fields
}
