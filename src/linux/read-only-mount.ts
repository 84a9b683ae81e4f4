/** What the kernel says of the mount that a descriptor leads into. */

import { call } from "./checked.ts"
import { addressOf, allocate } from "./libc.ts"

const atEmptyPath = 0x1000
const nothing = allocate(1)
const answer = allocate(256)
const answerView = new DataView(answer.buffer)

/**
 * The number of the mount whose root a descriptor is, when it takes no writes; undefined: it is no mount's root, takes writes, or the kernel
 * does not number its mounts. Source: statx(2), stx_attributes and stx_mnt_id (Linux 5.8); statfs(2), f_flags.
 */
export function readOnlyMount(descriptor: number, shown: string): bigint | undefined {
  const isMountRoot = 0x2000
  const mountNumber = 0x1000
  const looked = call(
    "statx",
    shown,
    descriptor,
    addressOf(nothing),
    atEmptyPath,
    mountNumber,
    addressOf(answer),
  )
  const isNumbered = (answerView.getUint32(0, true) & mountNumber) !== 0
  if (!looked.ok || !isNumbered || (answerView.getUint32(8, true) & isMountRoot) === 0) return undefined
  const mount = answerView.getBigUint64(144, true)
  const asked = call("fstatfs", shown, descriptor, addressOf(answer))
  return asked.ok && (answerView.getUint32(80, true) & 1) !== 0 ? mount : undefined
}
