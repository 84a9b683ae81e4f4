/** What an image brings for a newer CUDA than the driver's: judged by core/compat, and never mounted or run by us. */

import type { CompatLibrary } from "../compat/observe-compat.ts"
import type { ElfMachine } from "../elf/elf.ts"
import type { ContainerPath } from "../text/brand.ts"

export interface OfferedLibrary {
  readonly path: ContainerPath
  readonly soname: string
  readonly bits: 32 | 64
  readonly machine: ElfMachine
}

export interface CompatOffer {
  /** Links resolved inside the container's root. */
  readonly directory: ContainerPath
  /** What programs would find there. Order: by name. */
  readonly libraries: readonly OfferedLibrary[]
  /** Those of them that are a libcuda, with what each says of itself. */
  readonly candidates: readonly CompatLibrary[]
}
