/** A pipe to a child: the child writes and waits when it is full, we read and never wait. */

import { closeSync, constants, openSync } from "node:fs"
import { errnoName } from "../core/fault/errno.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { addressOf, allocate, systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

const closeOnExec = 0o2000000

export interface Pipe {
  /** Reading when there is nothing is EAGAIN. */
  readonly readEnd: number
  readonly writeEnd: number
}

/** Both ends are closed in programs that are started, unless given to them. Faults: SystemCallFailed. */
export function openPipe(): Result<Pipe> {
  const buffer = allocate(8)
  const made = systemCall(numbers.pipe2, addressOf(buffer), closeOnExec)
  if (made.value !== 0) return failed("pipe", errnoName(made.errno))
  const view = new DataView(buffer.buffer)
  const [blocking, writeEnd] = [view.getInt32(0, true), view.getInt32(4, true)]
  // Opened anew, because the two ends would share the flag, and the child's must wait.
  try {
    const readEnd = openSync(`/proc/self/fd/${blocking}`, constants.O_RDONLY | constants.O_NONBLOCK)
    return ok({ readEnd, writeEnd })
  } catch (error) {
    // The two may have been the last descriptors that there are.
    closeSync(writeEnd)
    return failed("open", (error as { readonly code?: string }).code ?? errnoName(5))
  } finally {
    closeSync(blocking)
  }
}

const failed = (syscall: string, errno: string): Result<never> =>
  fail(fault("SystemCallFailed", { syscall, target: "a child", errno }))
