/** Waiting for a descriptor, bounded. */

import { addressOf, allocate, systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

/** True when the descriptor can be read, or has ended, within the time. */
export function waitReadable(descriptor: number, timeoutMs: number): boolean {
  const buffer = allocate(128)
  const view = new DataView(buffer.buffer)
  view.setInt32(0, descriptor, true)
  view.setInt16(4, 1, true) // POLLIN
  view.setBigInt64(64, BigInt(Math.floor(timeoutMs / 1000)), true)
  view.setBigInt64(72, BigInt((timeoutMs % 1000) * 1_000_000), true)
  const base = addressOf(buffer)
  return systemCall(numbers.ppoll, base, 1, base + 64, 0, 8).value !== 0
}
