/**
 * Becoming another program. process.execve would close descriptors and turn what is not UTF-8 into U+FFFD, so the kernel is
 * asked directly, with the bytes as they are. What Bun changed in this process is put back first: the ignored signals.
 */

import { errnoName, errnoText } from "../core/fault/errno.ts"
import { type Fault, fault } from "../core/fault/fault.ts"
import { encodeUtf8 } from "../core/text/utf8.ts"
import { cString } from "./c-string.ts"
import { addressOf, allocate, systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

const sigpipe = 13
const sigxfsz = 25

/** Returns only when it failed. `argv` includes the program's own name. Faults: ExecFailed. */
export function becomeProgram(path: string, argv: readonly string[], env: readonly string[]): Fault {
  for (const signal of [sigpipe, sigxfsz]) restoreDefault(signal)
  const program = cString(path)
  const args = pointerTable(argv)
  const environment = pointerTable(env)
  const { errno } = systemCall(numbers.execve, program, args, environment)
  return fault("ExecFailed", { path, errno: errnoName(errno), text: errnoText(errnoName(errno)) })
}

/** Address of a NULL-ended table of the addresses of all texts. */
function pointerTable(list: readonly string[]): number {
  const encoded = list.map(encodeUtf8)
  const size = encoded.reduce((sum, bytes) => sum + bytes.length + 1, 0)
  const texts = allocate(size)
  const table = allocate((list.length + 1) * 8)
  const view = new DataView(table.buffer)
  const base = BigInt(addressOf(texts))
  let at = 0
  for (const [index, bytes] of encoded.entries()) {
    texts.set(bytes, at)
    view.setBigUint64(index * 8, base + BigInt(at), true)
    at += bytes.length + 1
  }
  return addressOf(table)
}

/** struct kernel_sigaction of all zeros: SIG_DFL, no flags, empty mask. */
function restoreDefault(signal: number): void {
  const action = allocate(64)
  systemCall(numbers.rt_sigaction, signal, addressOf(action), 0, 8)
}
