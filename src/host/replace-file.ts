/** Writes a file so that it is old or new at every moment: beside it, synced, renamed. */

import { closeSync, constants, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import type { Result } from "../core/fault/result.ts"
import { attempt } from "./file-system.ts"

/** Faults: HostReadFailed with the call that failed. */
export function replaceFile(path: string, text: string, mode: number): Result<true> {
  const temporary = `${path}.gantry-${process.pid}`
  return attempt(path, "write", () => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    try {
      const descriptor = openSync(temporary, flags, 0o600)
      try {
        const bytes = new TextEncoder().encode(text)
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
        fchmodSync(descriptor, mode)
        fsyncSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
      renameSync(temporary, path)
      return true
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  })
}
