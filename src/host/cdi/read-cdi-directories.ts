/** Reads the directories of CDI specifications through the Host port: names that end in .json or .yaml, not below, and bounded. */

import { readdirSync } from "node:fs"
import { specLimitBytes } from "../../core/cdi/read/spec-limit.ts"
import type { SpecDirectory, SpecFileRead } from "../../core/cdi/registry/registry.ts"
import { isSpecFileName } from "../../core/cdi/registry/spec-directories.ts"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { readFault } from "../../core/host/resolve-path.ts"
import { hostPath } from "../../core/text/brand.ts"
import { cleanPath, joinPath } from "../../core/text/path.ts"
import { decodeUtf8 } from "../../core/text/utf8.ts"
import { directoryEntry } from "../files/directory-entry.ts"
import { attempt } from "../files/file-system.ts"
import { uninterrupted } from "../files/uninterrupted.ts"

/**
 * One that comes again, by this name or another (`/run/cdi`, `/var/run/cdi`), has its files there, where they count for more: a file hides no other
 * than itself.
 */
export function readCdiDirectories(
  host: HostFiles,
  directories: readonly string[],
  isWanted: (path: string) => boolean = () => true,
): readonly SpecDirectory[] {
  const read = directories
    .map(cleanPath)
    .map((path): SpecDirectory => ({ path, files: readDirectory(host, path, isWanted) }))
  const entryOf = ({ path }: SpecDirectory): string => directoryEntry(host.livePath(hostPath(path)) ?? path)
  return read.map((one, index) => {
    // Most machines have files in one of two, and are asked no more.
    const others = hasFiles(one) ? read.slice(index + 1).filter(hasFiles) : []
    return others.some((later) => entryOf(later) === entryOf(one)) ? { ...one, files: ok([]) } : one
  })
}

const hasFiles = ({ files }: SpecDirectory): boolean => files.ok && files.value.length > 0

/**
 * As the Go package's walk goes about it up to release 1.1.0, which looks at names without following them (what later releases do otherwise:
 * docs/cdi.md, "How files are read"):
 *   a directory that is not there has no files; one that cannot be looked at ends the search
 *   what is no directory, a link to one too, has no files, or is one itself if it is called so
 *   a directory that cannot be listed has no files; one whose files cannot be looked at ends the search
 * Faults: HostReadFailed ends the search, CdiDirectoryUnused does not.
 */
function readDirectory(
  host: HostFiles,
  directory: string,
  isWanted: (path: string) => boolean,
): Result<readonly SpecFileRead[]> {
  const stat = host.lstat(hostPath(directory))
  if (!stat.ok) return isAbsent(stat.fault) ? ok([]) : stat
  if (stat.value.kind !== "directory") {
    if (isSpecFileName(directory)) return ok([{ path: directory, bytes: readCdiFile(host, directory) }])
    const why =
      stat.value.kind === "symlink"
        ? "is a link, which only Docker 29.2, containerd 2.4 and later follow"
        : "is not a directory"
    return fail(fault("CdiDirectoryUnused", { directory, why }))
  }
  const names = listNames(host, directory)
  if (!names.ok) return fail(fault("CdiDirectoryUnused", { directory, why: "cannot be listed" }, names.fault))
  const files: SpecFileRead[] = []
  // What a recording lists twice were names that are no UTF-8, of which at most one is another file's too.
  const seen = new Set<string>()
  const paths = names.value.filter(isSpecFileName).map((name) => joinPath(directory, name))
  for (const path of paths.filter(isWanted)) {
    if (!path.isWellFormed() || seen.has(path)) {
      files.push(unsayable(path))
      continue
    }
    seen.add(path)
    const file = host.lstat(hostPath(path))
    if (!file.ok && !isAbsent(file.fault)) return file
    if (!file.ok && path.includes("\ufffd")) files.push(unsayable(path))
    if (!file.ok || file.value.kind === "directory") continue
    files.push({ path, bytes: readCdiFile(host, path) })
  }
  return ok(files)
}

/**
 * Bytes that are no UTF-8 are U+FFFD in a listing, in which such a name is the same as others. Where the directory lies on this machine it
 * is then read as bytes, and they are lone surrogates (core/text/utf8.ts).
 */
function listNames(host: HostFiles, directory: string): Result<readonly string[]> {
  const names = host.readDir(hostPath(directory))
  const place = host.livePath(hostPath(directory))
  if (!names.ok || place === undefined || !names.value.some((name) => name.includes("\ufffd"))) return names
  return attempt(directory, "readdir", () =>
    uninterrupted(() => readdirSync(place, { encoding: "buffer" }))
      .map(decodeUtf8)
      .sort(),
  )
}

/** Engines read such a file by the name that it has, which here nobody can say. */
const unsayable = (path: string): SpecFileRead => ({
  path,
  bytes: fail(readFault(path, "lstat", "EILSEQ")),
})

/** One byte more than a specification may have, so that a larger one is told from one that fits. */
export const readCdiFile = (host: HostFiles, path: string): Result<Uint8Array> =>
  host.readFile(hostPath(path), { offsetBytes: 0, lengthBytes: specLimitBytes + 1 })

const isAbsent = (problem: Fault): boolean =>
  problem.tag === "HostReadFailed" && problem.data.errno === "ENOENT"
