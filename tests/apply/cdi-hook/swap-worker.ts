/** A thread that swaps a directory for a link out of the root and back, as fast as it can, until it is told to stop. */

import { cString } from "../../../src/linux/c-string.ts"
import { systemCall } from "../../../src/linux/libc.ts"

declare const self: Worker

interface Order {
  readonly directory: string
  readonly link: string
  /** [0]: stop; [1]: how often it swapped. */
  readonly flags: Int32Array
}

const renameat2 = process.arch === "arm64" ? 276 : 316
const atFdCwd = -100
const exchange = 2

self.onmessage = ({ data: { directory, link, flags } }: MessageEvent<Order>) => {
  while (Atomics.load(flags, 0) === 0) {
    const { value } = systemCall(renameat2, atFdCwd, cString(directory), atFdCwd, cString(link), exchange)
    if (value !== 0) throw new Error("the kernel exchanges no names here")
    Atomics.add(flags, 1, 1)
  }
  self.postMessage("stopped")
}
