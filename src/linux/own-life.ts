/** Bounds on this process's own life, held by the kernel: whatever a library does in it, and even when its parent was killed. */

import { readFileSync } from "node:fs"
import { addressOf, allocate, systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

const setParentDeathSignal = 1
const sigkill = 9
const realTimer = 0
const dataLimit = 2

export interface LifeBounds {
  readonly timeLimitMs: number
  /** What may be allocated beyond what is now. Units: bytes. */
  readonly memoryBytes: number
}

/** Killed when the parent ends, and by SIGALRM when the time is over; refused memory beyond the limit. */
export function boundOwnLife({ timeLimitMs, memoryBytes }: LifeBounds): void {
  systemCall(numbers.prctl, setParentDeathSignal, sigkill)
  const timer = allocate(32)
  const timerView = new DataView(timer.buffer)
  timerView.setBigInt64(16, BigInt(Math.floor(timeLimitMs / 1000)), true)
  timerView.setBigInt64(24, BigInt(Math.floor(timeLimitMs % 1000) * 1000), true)
  systemCall(numbers.setitimer, realTimer, addressOf(timer), 0)
  const limit = allocate(16)
  const limitView = new DataView(limit.buffer)
  for (const at of [0, 8]) limitView.setBigUint64(at, BigInt(usedBytes() + memoryBytes), true)
  systemCall(numbers.prlimit64, 0, dataLimit, addressOf(limit), 0)
}

/** Private writable memory, as RLIMIT_DATA counts it. Source: proc(5), VmData. */
function usedBytes(): number {
  const kibibytes = /^VmData:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]
  return Number(kibibytes ?? 0) * 1024
}
