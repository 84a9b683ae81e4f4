/** Bounds on this process's own life, held by the kernel: whatever a library does in it, and even when its parent was killed. */

import { addressOf, allocate, systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

const setParentDeathSignal = 1
const sigkill = 9
const realTimer = 0

/** Killed when the parent ends, and by SIGALRM when the time is over. */
export function boundOwnLife(timeLimitMs: number): void {
  systemCall(numbers.prctl, setParentDeathSignal, sigkill)
  const timer = allocate(32)
  const view = new DataView(timer.buffer)
  view.setBigInt64(16, BigInt(Math.floor(timeLimitMs / 1000)), true)
  view.setBigInt64(24, BigInt(Math.floor(timeLimitMs % 1000) * 1000), true)
  systemCall(numbers.setitimer, realTimer, addressOf(timer), 0)
}
