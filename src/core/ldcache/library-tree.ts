/**
 * What looking for libraries asks of a machine, or of a part of one seen as a root of its own: a RootView answers all of it.
 * Named here, because this layer knows nothing of hosts.
 */

import type { Result } from "../fault/result.ts"

/** Paths are those inside the tree, absolute, and never lead out of it. */
export interface LibraryTree {
  /** The entry itself: a symlink is not followed. */
  lstat(path: string): Result<{ readonly kind: string; readonly sizeBytes: number }>
  /** Order: by code point. */
  readDir(path: string): Result<readonly string[]>
  readFile(
    path: string,
    range?: { readonly offsetBytes: number; readonly lengthBytes: number },
  ): Result<Uint8Array>
  /** The path with all its links resolved; it need not exist. */
  resolve(path: string): Result<string>
}
