/** A specification as a file: old or new at every moment, and readable for engines without root. */

import { mkdirSync } from "node:fs"
import { isSpecFileName } from "../../core/cdi/registry/spec-directories.ts"
import type { SpecFormat } from "../../core/cdi/render-spec.ts"
import { unwritableFile } from "../../core/cdi/unwritable-file.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { absolutePath, parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { holdsExactly } from "../../host/cdi/holds-exactly.ts"
import { attempt } from "../../host/files/file-system.ts"
import { type DirectoryLock, putFile } from "../../host/files/replace-file.ts"

const mode = 0o644

/** Under a name that engines read: the path that it was written to. Faults: CdiFileUnwritable. */
export const writeSpecFile = (text: string, file: string, format: SpecFormat): Result<string> =>
  writeSpecAt(text, specPath(file, format))

/** Exactly there. Faults: CdiFileUnwritable. */
export function writeSpecAt(text: string, path: string): Result<string> {
  const made = makeDirectoryOf(path)
  return made.ok ? putSpec(text, path, "take") : made
}

/** Into a directory that is there. Faults: CdiFileUnwritable. */
export function putSpec(text: string, path: string, lock: DirectoryLock): Result<string> {
  // Engines that watch the directory read everything anew when something is written there.
  if (holdsExactly(path, text)) return ok(path)
  // Whoever may write there, as in /tmp, can have a link lie in wait; and an older file may be for root alone.
  const written = putFile(path, encodeUtf8(text), mode, lock)
  return written.ok ? ok(path) : fail(unwritableFile(path, written.fault))
}

/** Faults: CdiFileUnwritable. */
export function makeDirectoryOf(path: string): Result<true> {
  const made = attempt(parentPath(path), "mkdir", () => makeOpenDirectory(parentPath(path)))
  return made.ok ? ok(true) : fail(unwritableFile(path, made.fault))
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
