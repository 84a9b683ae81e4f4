/** A system call whose failure is a fault that says what was tried on what. */

import { errnoName } from "../core/fault/errno.ts"
import { type Fault, fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

type Name = keyof typeof numbers
type Word = number | bigint

/** The kernel's return value. Faults: SystemCallFailed. */
export function call(
  name: Name,
  target: string,
  a: Word = 0,
  b: Word = 0,
  c: Word = 0,
  d: Word = 0,
  e: Word = 0,
  f: Word = 0,
): Result<number> {
  const { value, errno } = systemCall(numbers[name], a, b, c, d, e, f)
  return value === -1 ? fail(systemCallFault(name, target, errno)) : ok(value)
}

const systemCallFault = (syscall: string, target: string, errno: number): Fault =>
  fault("SystemCallFailed", { syscall, target, errno: errnoName(errno) })

/** The error's name, when a call failed; undefined when it did not or failed otherwise. */
export const errnoOf = (result: Result<unknown>): string | undefined =>
  !result.ok && result.fault.tag === "SystemCallFailed" ? result.fault.data.errno : undefined
