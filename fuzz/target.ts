/** What can be fuzzed: where inputs come from, and what must hold of every one of them. */

import type { Random } from "./random.ts"

export interface FuzzTarget {
  readonly name: string
  /** Its share of all inputs, beside the others'. Dear targets have small ones. */
  readonly weight: number
  /** Valid inputs; made once. */
  readonly seeds: () => readonly Uint8Array[]
  /** Words of the format. */
  readonly tokens: readonly string[]
  /** Makes an input by the format's own grammar; used half of the time where there is one. */
  readonly compose?: (random: Random) => Uint8Array
  /** What is wrong, in a sentence; undefined: nothing. What it throws is wrong too. */
  readonly check: (input: Uint8Array) => string | undefined
}
