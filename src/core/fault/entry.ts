/** The shape of one line of the fault catalogue. */

import type { Remedy } from "./remedy.ts"

export interface Entry<Data> {
  /** Stable, never reused: `GAN` and four digits. 1xxx input, 2xxx machine, 3xxx applying, 4xxx CDI, 5xxx engines, 6xxx policy. */
  readonly code: `GAN${number}`
  /** 1 failed, 2 usage. */
  readonly exit: 1 | 2
  /** What went wrong: begins with the reference's own text where people search for it; no full stop. */
  readonly says: (data: Data) => string
  readonly remedies: (data: Data) => readonly Remedy[]
}

/** The catalogue of one area: every tag of its data interface, none missing, none too many. */
export type Catalogue<Faults> = { readonly [T in keyof Faults]: Entry<Faults[T]> }
