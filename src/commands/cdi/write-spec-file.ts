/** A specification as a file: old or new at every moment, and readable for engines without root. */

import { mkdirSync, rmdirSync } from "node:fs"
import { isSpecFileName } from "../../core/cdi/registry/spec-directories.ts"
import type { SpecFormat } from "../../core/cdi/render-spec.ts"
import { unwritableFile } from "../../core/cdi/unwritable-file.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { absolutePath, parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { holdsExactly } from "../../host/cdi/holds-exactly.ts"
import { attempt } from "../../host/files/file-system.ts"
import { type DirectoryLock, putFile } from "../../host/files/replace-file.ts"
import { lstatIfThere } from "../../host/files/stat-if-there.ts"

const mode = 0o644

/** Under a name that engines read: the path that it was written to. Faults: CdiFileUnwritable. */
export const writeSpecFile = (text: string, file: string, format: SpecFormat): Result<string> =>
  writeSpecAt(text, specPath(file, format))

/** Exactly there. Faults: CdiFileUnwritable. */
export function writeSpecAt(text: string, path: string): Result<string> {
  const made = makeDirectoryOf(path)
  if (!made.ok) return made
  const put = putSpec(text, path, "take")
  if (!put.ok) removeMade(made.value)
  return put
}

/** Into a directory that is there. Faults: CdiFileUnwritable. */
export function putSpec(text: string, path: string, lock: DirectoryLock): Result<string> {
  // Engines that watch the directory read everything anew when something is written there.
  if (holdsExactly(path, text)) return ok(path)
  // Whoever may write there, as in /tmp, can have a link lie in wait; and an older file may be for root alone.
  const written = putFile(path, encodeUtf8(text), mode, lock)
  return written.ok ? ok(path) : fail(unwritableFile(path, written.fault))
}

/** The directories that were not there yet. Order: the deepest first. Faults: CdiFileUnwritable, with none of them left. */
export function makeDirectoryOf(path: string): Result<readonly string[]> {
  const directory = parentPath(path)
  const absent = absentOnTheWay(directory)
  const made = attempt(directory, "mkdir", () => makeOpenDirectory(directory))
  if (made.ok) return ok(absent)
  removeMade(absent)
  return fail(unwritableFile(path, made.fault))
}

function absentOnTheWay(directory: string): readonly string[] {
  const absent: string[] = []
  for (let at = directory; at !== "/" && lstatIfThere(at) === undefined; at = parentPath(at)) absent.push(at)
  return absent
}

/** Those in which nobody has put anything. */
export function removeMade(directories: readonly string[]): void {
  for (const directory of directories) attempt(directory, "write", () => rmdirSync(directory))
}

/** Whatever the caller masks: a file that everybody may read helps nobody in a directory that only root may enter. */
function makeOpenDirectory(path: string): void {
  const mask = process.umask(0o022)
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 })
  } finally {
    process.umask(mask)
  }
}

/** Under a name that engines read. */
export function specPath(file: string, format: SpecFormat): string {
  const path = isSpecFileName(file) ? file : `${file}.${format}`
  return absolutePath(path, process.cwd())
}
