/** Reads the directories of CDI specifications through the Host port: names that end in .json or .yaml, not below, and bounded. */

import type { SpecDirectory, SpecFileRead } from "../core/cdi/registry.ts"
import { specLimitBytes } from "../core/cdi/spec-limit.ts"
import type { Fault } from "../core/fault/fault.ts"
import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { hostPath } from "../core/text/brand.ts"
import { cleanPath, joinPath } from "../core/text/path.ts"

export const readCdiDirectories = (
  host: HostFiles,
  directories: readonly string[],
): readonly SpecDirectory[] =>
  directories.map(cleanPath).map((path) => ({ path, files: readDirectory(host, path) }))

function readDirectory(host: HostFiles, directory: string): Result<readonly SpecFileRead[]> {
  const names = host.readDir(hostPath(directory))
  if (!names.ok) return isAbsent(names.fault) ? ok([]) : names
  const files = names.value
    .filter((name) => /\.(?:json|yaml)$/.test(name))
    .map((name) => joinPath(directory, name))
    .filter((path) => !isDirectory(host, path))
  return ok(files.map((path) => ({ path, bytes: readCdiFile(host, path) })))
}

/** One byte more than a specification may have, so that a larger one is told from one that fits. */
export const readCdiFile = (host: HostFiles, path: string): Result<Uint8Array> =>
  host.readFile(hostPath(path), { offsetBytes: 0, lengthBytes: specLimitBytes + 1 })

const isAbsent = (problem: Fault): boolean =>
  problem.tag === "HostReadFailed" && problem.data.errno === "ENOENT"

function isDirectory(host: HostFiles, path: string): boolean {
  const stat = host.lstat(hostPath(path))
  return stat.ok && stat.value.kind === "directory"
}
