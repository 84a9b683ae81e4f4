/**
 * The driver's files that a container may be given, by capability, as found on a machine.
 * Source: facts about libnvidia-container's tables (src/nvc_info.c, v1.19); found by ELF header and version, not by distribution.
 */

import type { Finding } from "../fault/finding.ts"
import type { HostPath } from "../text/brand.ts"
import type { DriverCapability } from "./capability.ts"

export interface DriverLibrary {
  /** The file itself, symlinks resolved: `/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01`. */
  readonly path: HostPath
  readonly soname: string
  readonly bits: 32 | 64
  /** Capabilities that bring it. Order: alphabetical. */
  readonly capabilities: readonly DriverCapability[]
}

export interface DriverBinary {
  readonly path: HostPath
  readonly capabilities: readonly DriverCapability[]
}

export interface DriverCatalogue {
  readonly version: string
  /** Order: by path. */
  readonly libraries: readonly DriverLibrary[]
  readonly binaries: readonly DriverBinary[]
  /** gsp*.bin of this version. */
  readonly firmware: readonly HostPath[]
  readonly findings: readonly Finding[]
}
