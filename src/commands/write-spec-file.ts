/**
 * A specification as a file: old or new at every moment, readable for engines without root, and told of what would make its devices nobody's.
 */

import { mkdirSync, realpathSync } from "node:fs"
import { renderSpec, type SpecFormat } from "../core/cdi/render-spec.ts"
import type { CdiSpec } from "../core/cdi/spec.ts"
import { type Fault, fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { absolutePath, baseName, joinPath, parentPath } from "../core/text/path.ts"
import { encodeUtf8 } from "../core/text/utf8.ts"
import { attempt } from "../host/file-system.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { putFile } from "../host/replace-file.ts"
import { readSpecifications } from "./read-specifications.ts"

const mode = 0o644

/** Under a name that engines read: the path that it was written to. Faults: CdiFileUnwritable. */
export const writeSpecFile = (spec: CdiSpec, file: string, format: SpecFormat): Result<string> =>
  writeSpecAt(spec, specPath(file, format), format)

/** Exactly there. Faults: CdiFileUnwritable. */
export function writeSpecAt(spec: CdiSpec, path: string, format: SpecFormat): Result<string> {
  const made = attempt(parentPath(path), "mkdir", () => makeOpenDirectory(parentPath(path)))
  // Whoever may write there, as in /tmp, can have a link lie in wait; and an older file may be for root alone.
  const written = made.ok ? putFile(path, encodeUtf8(renderSpec(spec, format)), mode) : made
  return written.ok ? ok(path) : fail(fault("CdiFileUnwritable", { file: path }, written.fault))
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

/** Engines read files of two endings, and no others. */
function specPath(file: string, format: SpecFormat): string {
  const path = /\.(json|yaml)$/.test(file) ? file : `${file}.${format}`
  return absolutePath(path, process.cwd())
}

/** Other files of the directory that define a device of the specification: engines then give it to nobody. Faults: CdiDeviceConflict. */
export function findRivals(spec: CdiSpec, file: string, format: SpecFormat): readonly Fault[] {
  const path = specPath(file, format)
  const names = new Set(spec.devices.map(({ name }) => name))
  // Where a link leads, engines may look by another way.
  const directory = realDirectory(parentPath(path))
  const { specs } = readSpecifications(createLiveFiles(), [directory])
  return specs.flatMap((other): readonly Fault[] => {
    const shared = other.spec.devices.find(({ name }) => names.has(name))
    if (
      other.path === joinPath(directory, baseName(path)) ||
      other.spec.kind !== spec.kind ||
      shared === undefined
    )
      return []
    const device = `${spec.kind}=${shared.name}`
    return [fault("CdiDeviceConflict", { device, files: [path, other.path] })]
  })
}

function realDirectory(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
