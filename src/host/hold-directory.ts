/** One after the other, of all who look for something in a directory and then write there. */

import { closeSync } from "node:fs"
import { lockLimitMs, lockWithin, openIfReadable } from "./replace-file.ts"

/** What `act` has looked for is as it was when it writes. `lock`: with which it puts a file there (putFile). */
export async function holdDirectory<T>(
  directory: string,
  act: (lock: "taken" | "held") => Promise<T>,
): Promise<T> {
  const descriptor = openIfReadable(directory)
  try {
    const isHeld = descriptor !== undefined && lockWithin(descriptor, lockLimitMs)
    return await act(isHeld ? "held" : "taken")
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
