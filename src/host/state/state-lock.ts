/** One process at a time does what costs much and is then remembered; the others wait, and find it done. */

import { closeSync, constants, mkdirSync, openSync } from "node:fs"
import { tryLock } from "../../linux/lock.ts"
import { isOurs } from "./state-directory.ts"

/** Units: milliseconds. */
const pauseMs = 10

/**
 * Runs the action under the lock. Who has waited for `timeLimitMs`, or cannot lock at all, acts without: a lock that somebody holds for
 * ever must not hold up a container.
 */
export function withStateLock<T>(directory: string, file: string, timeLimitMs: number, action: () => T): T {
  const descriptor = open(directory, file)
  if (descriptor === undefined) return action()
  try {
    const deadline = performance.now() + timeLimitMs
    while (tryLock(descriptor) === "held" && performance.now() < deadline) Bun.sleepSync(pauseMs)
    return action()
  } finally {
    closeSync(descriptor)
  }
}

/** What gives the lock back; undefined: somebody else has it, or nobody can. */
export function tryStateLock(directory: string, file: string): (() => void) | undefined {
  const descriptor = open(directory, file)
  if (descriptor === undefined) return undefined
  const release = (): void => closeSync(descriptor)
  if (tryLock(descriptor) === "taken") return release
  release()
  return undefined
}

function open(directory: string, file: string): number | undefined {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
    return isOurs(directory) ? openSync(file, flags, 0o600) : undefined
  } catch {
    return undefined
  }
}
