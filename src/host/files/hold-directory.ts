/** One after the other, of all who look for something in a directory and then write there. */

import { closeSync } from "node:fs"
import { tryLock } from "../../linux/lock.ts"
import { type DirectoryLock, lockLimitMs, openIfReadable } from "./replace-file.ts"

/** What `act` has looked for is as it was when it writes. `lock`: with which it puts a file there. */
export async function holdDirectory<T>(
  directory: string,
  act: (lock: DirectoryLock) => Promise<T>,
): Promise<T> {
  const descriptor = openIfReadable(directory)
  try {
    const isHeld = descriptor !== undefined && (await lockMeanwhile(descriptor))
    return await act(isHeld ? "held" : "missed")
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** As a writer waits (replace-file.ts); but who holds it may be of this process, and gets on meanwhile. */
async function lockMeanwhile(descriptor: number): Promise<boolean> {
  const deadline = performance.now() + lockLimitMs
  for (;;) {
    const outcome = tryLock(descriptor)
    if (outcome !== "held") return outcome === "taken"
    if (performance.now() > deadline) return false
    await Bun.sleep(1)
  }
}
