/**
 * What the container's root looks like, as far as places and the loader depend on it. Observed by an applier; nothing in it is trusted.
 */

import type { ElfMachine } from "../elf/elf.ts"
import type { CompatOffer } from "./compat-offer.ts"

export interface ContainerLayout {
  /** It has /etc/debian_version: libraries lie in directories of their machine. */
  readonly isDebian: boolean
  readonly hasLib32: boolean
  /** /usr/lib is there and is not the same directory as /usr/lib64. */
  readonly isLibApart: boolean
  /** Machines whose musl loader it has. */
  readonly muslMachines: readonly Exclude<ElfMachine, "other">[]
  /** What it brings for a newer CUDA than the driver's; undefined: nothing. */
  readonly compat: CompatOffer | undefined
  /** The same for an Orin's own GPU, which has a directory of its own; undefined: nothing, or nobody looked. */
  readonly boardCompat: CompatOffer | undefined
}

/** A root of which nothing can be seen. */
export const unseenLayout: ContainerLayout = {
  isDebian: false,
  hasLib32: false,
  isLibApart: false,
  muslMachines: [],
  compat: undefined,
  boardCompat: undefined,
}
