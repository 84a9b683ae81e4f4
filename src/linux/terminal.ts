/** Is a person typing at the other end? node:tty knows too, and costs 1.5 ms to load: a third of an empty program's life. */

import { addressOf, allocate, systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

const getAttributes = 0x5401 // TCGETS

export const isTerminal = (descriptor: number): boolean =>
  systemCall(numbers.ioctl, descriptor, getAttributes, addressOf(allocate(64))).value === 0
