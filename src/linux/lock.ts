/** A lock on an open file, gone with the process that holds it. Source: flock(2). */

import { systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

const exclusive = 2
const nonBlocking = 4

/** false: another process holds it. */
export const tryLock = (descriptor: number): boolean =>
  systemCall(numbers.flock, descriptor, exclusive | nonBlocking).value === 0
