/** A lock on an open file, gone with the process that holds it. Source: flock(2). */

import { systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

const exclusive = 2
const nonBlocking = 4

const interrupted = 4
const wouldBlock = 11

/** `held`: by another process, or a signal came first: ask again. `impossible`: here nobody can, as on a network's disk without its lock service. */
export function tryLock(descriptor: number): "taken" | "held" | "impossible" {
  const { value, errno } = systemCall(numbers.flock, descriptor, exclusive | nonBlocking)
  if (value === 0) return "taken"
  return errno === wouldBlock || errno === interrupted ? "held" : "impossible"
}
