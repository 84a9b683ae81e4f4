/**
 * The driver's files that a container may be given, by capability, as found on a machine. Plain data: it is kept as JSON.
 */

import type { ElfMachine } from "../elf/elf.ts"
import type { Finding } from "../fault/finding.ts"
import type { HostPath } from "../text/brand.ts"
import type { DriverCapability } from "./capability.ts"

export interface DriverLibrary {
  /** The file itself: `/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01`. */
  readonly path: HostPath
  readonly soname: string
  readonly bits: 32 | 64
  readonly machine: ElfMachine
  /** Capabilities that bring it. Order: alphabetical. */
  readonly capabilities: readonly DriverCapability[]
}

export interface DriverBinary {
  readonly path: HostPath
  readonly capabilities: readonly DriverCapability[]
}

export interface DriverCatalogue {
  readonly version: string
  readonly driverRoot: HostPath
  /** Order: as in the table of files. */
  readonly libraries: readonly DriverLibrary[]
  readonly binaries: readonly DriverBinary[]
  /** gsp*.bin of this version. Order: by name. */
  readonly firmware: readonly HostPath[]
  /** Where was looked: while none of these changes, the catalogue holds. Also places that do not exist. */
  readonly searched: readonly HostPath[]
  readonly findings: readonly Finding[]
}
