/**
 * What looking for libraries asks of a machine, or of a part of one seen as a root of its own: a RootView answers all of it.
 * Named here, because this layer knows nothing of hosts.
 */

import type { Result } from "../fault/result.ts"
import type { ByteRange } from "../text/byte-range.ts"

/** Paths are those inside the tree, absolute, and never lead out of it. */
export interface LibraryTree {
  /** The entry itself: a symlink is not followed. */
  lstat(path: string): Result<{ readonly kind: string; readonly sizeBytes: number }>
  /** Order: by code point. */
  readDir(path: string): Result<readonly string[]>
  readFile(path: string, range?: ByteRange): Result<Uint8Array>
  /** Parts of one file, which is opened once for all that `use` reads. */
  readParts<T>(path: string, use: (read: (range?: ByteRange) => Result<Uint8Array>) => T): T
  /** The path with all its links resolved; it need not exist. */
  resolve(path: string): Result<string>
}
