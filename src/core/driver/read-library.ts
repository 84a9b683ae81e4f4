/** One library of a driver: its ELF header, and the links that lead to it. What is none of this machine is a finding. */

import type { ElfDemands, ElfFile } from "../elf/elf.ts"
import { parseElfWithDemands } from "../elf/parse-elf-demands.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { isFile } from "../host/file-at.ts"
import type { RootView } from "../host/root-view.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { isFileName } from "../text/file-name.ts"
import { baseName, parentPath } from "../text/path.ts"
import { compareVersions } from "../text/version.ts"
import type { FileLink } from "./catalogue.ts"
import { type Listing, linksTo } from "./library-listing.ts"

export interface FoundLibrary {
  readonly rootPath: HostPath
  readonly elf: ElfFile & ElfDemands
  readonly links: readonly FileLink[]
}

/** undefined: it is no library, which is a finding, or leads to no file. */
export function readLibrary(
  view: RootView,
  path: HostPath,
  list: (directory: string) => Listing,
  findings: Finding[],
): FoundLibrary | undefined {
  const stat = view.lstat(path)
  if (!stat.ok) {
    // What is listed and cannot be asked for has a name that is no text.
    if (path.includes("\ufffd")) complain(findings, view.outside(path), "its name is not UTF-8")
    return undefined
  }
  if (stat.value.kind === "symlink" && !isFile(view, path)) return undefined
  const resolved = stat.value.kind === "symlink" ? view.resolve(path) : { ok: true as const, value: path }
  if (!resolved.ok) return undefined
  const rootPath = resolved.value
  let unread: string | undefined
  const elf = view.readParts(rootPath, (read) =>
    parseElfWithDemands((offsetBytes, lengthBytes) => {
      const bytes = read({ offsetBytes, lengthBytes })
      if (bytes.ok) return bytes.value
      unread = bytes.fault.tag === "HostReadFailed" ? bytes.fault.data.errno : bytes.fault.tag
      return new Uint8Array()
    }),
  )
  if (!elf.ok) {
    const problem = elf.fault.tag === "ElfInvalid" ? elf.fault.data.problem : ""
    complain(findings, view.outside(path), unread === undefined ? problem : `it cannot be read: ${unread}`)
    return undefined
  }
  const listing = list(parentPath(rootPath))
  // Another name would make a link somewhere else.
  const soname = isFileName(elf.value.soname ?? "") ? elf.value.soname : undefined
  const leading = linksTo(rootPath, { found: path, soname }, listing, view)
  // A link of that name which leads to another version is told of with the versions.
  if (
    soname !== undefined &&
    listing.links.has(soname) &&
    !leading.some(({ path: at }) => baseName(at) === soname)
  ) {
    const own = hostPath(`${parentPath(rootPath)}/${soname}`)
    const name = baseName(rootPath)
    if (!isFile(view, own))
      complain(
        findings,
        view.outside(own),
        `the link by which this machine's programs find ${name} leads nowhere`,
      )
  }
  return { rootPath, elf: { ...elf.value, soname }, links: leading }
}

export const complain = (findings: Finding[], path: HostPath, problem: string): void => {
  findings.push({
    severity: "warning",
    fault: fault("DriverFileUnusable", { path, problem }),
    evidence: [`${path}: ${problem}`],
  })
}

/** The newest `GLIBC_x.y` that a file asks for; undefined: it asks for none. */
export function newestGlibc({ neededVersions }: ElfDemands): string | undefined {
  const numbers = neededVersions
    .flatMap(({ versions }) => versions)
    .flatMap((name) => /^GLIBC_(\d+(?:\.\d+)+)$/.exec(name)?.[1] ?? [])
  return numbers.sort((one, other) => compareVersions(one, other) ?? 0).at(-1)
}
