/** One after the other, of all who look for something in a directory and then write there. */

import { closeSync } from "node:fs"
import { type DirectoryLock, lockLimitMs, lockWithin, openIfReadable } from "./replace-file.ts"

/** What `act` has looked for is as it was when it writes. `lock`: with which it puts a file there. */
export async function holdDirectory<T>(
  directory: string,
  act: (lock: DirectoryLock) => Promise<T>,
): Promise<T> {
  const descriptor = openIfReadable(directory)
  try {
    const isHeld = descriptor !== undefined && lockWithin(descriptor, lockLimitMs)
    return await act(isHeld ? "held" : "missed")
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
