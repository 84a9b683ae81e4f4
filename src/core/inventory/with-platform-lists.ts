/**
 * A Tegra board whose lists are others than its own, or without some of their links: for who is told which files to go by. Source: facts,
 * toolkit §1.3 and §5.7.
 */

import { ok } from "../fault/result.ts"
import type { Host } from "../host/host.ts"
import { readFault } from "../host/resolve-path.ts"
import { hostPath } from "../text/brand.ts"
import { matchesPath } from "../text/match-path.ts"
import { baseName } from "../text/path.ts"
import { decodeUtf8, encodeUtf8 } from "../text/utf8.ts"
import { baseListNames } from "./parse-platform-list.ts"
import { defaultListDirectory as directory } from "./platform-list.ts"

export interface OtherLists {
  /** In the place of the three that count; undefined: those. */
  readonly files: readonly string[] | undefined
  /** `sym` entries that fit one do not count. A pattern fits a whole path, and behind `**` and a slash a name in whatever directory. */
  readonly ignored: readonly string[]
}

/** The same machine, with one list in the place of all. */
export function withPlatformLists(host: Host, { files, ignored }: OtherLists): Host {
  if (files === undefined && ignored.length === 0) return host
  const sources = files ?? baseListNames.map((name) => `${directory}/${name}`)
  const list = `${directory}/${baseListNames[0]}`
  const read = (): Uint8Array =>
    encodeUtf8(
      sources
        .flatMap((path) => {
          const content = host.readFile(hostPath(path))
          return content.ok ? decodeUtf8(content.value).split("\n") : []
        })
        .filter((line) => !isIgnored(line, ignored))
        .join("\n"),
    )
  const machine: Host = {
    ...host,
    readDir: (path) => (path === directory ? ok([baseName(list)]) : host.readDir(path)),
    readFile(path, range) {
      if (!path.startsWith(`${directory}/`)) return host.readFile(path, range)
      if (path !== list) return { ok: false, fault: readFault(path, "open", "ENOENT") }
      const { offsetBytes, lengthBytes } = range ?? { offsetBytes: 0, lengthBytes: Number.POSITIVE_INFINITY }
      return ok(read().subarray(offsetBytes, offsetBytes + lengthBytes))
    },
    readParts: (path, use) =>
      path.startsWith(`${directory}/`)
        ? use((range) => machine.readFile(path, range))
        : host.readParts(path, use),
  }
  return machine
}

function isIgnored(line: string, ignored: readonly string[]): boolean {
  const path = /^\s*sym\s*,\s*(\/.*?)\s*$/.exec(line)?.[1]
  return path !== undefined && ignored.some((pattern) => fits(pattern, path))
}

const fits = (pattern: string, path: string): boolean =>
  pattern.startsWith("**/") ? matchesPath(pattern.slice(3), baseName(path)) : matchesPath(pattern, path)
