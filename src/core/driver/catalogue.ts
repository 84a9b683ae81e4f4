/**
 * The driver's files that a container may be given, as found on a machine, each with why it is in. Plain data: it is kept as JSON.
 */

import type { ElfMachine } from "../elf/elf.ts"
import type { Finding } from "../fault/finding.ts"
import type { HostPath } from "../text/brand.ts"
import type { DriverCapability } from "./capability.ts"

/**
 * Why a file is in the catalogue. `table`: the reference's table of a capability names it; `beyond`: ours does, the reference
 * misses it; `needed`: another file that is in needs it; `version`: it carries the driver's version, and nothing else is known.
 */
export type FileReason =
  | { readonly kind: "table" | "beyond"; readonly capability: DriverCapability }
  | { readonly kind: "needed"; readonly by: HostPath }
  | { readonly kind: "version" }
  /** An administrator named it. */
  | { readonly kind: "named" }

export interface FileLink {
  /** Inside the driver root: `/usr/lib64/libcuda.so.1`. */
  readonly path: HostPath
  /** Its text, as it stands there. */
  readonly target: string
}

interface CataloguedFile {
  /** The file itself, on the machine: `/run/nvidia/driver/usr/lib64/libcuda.so.550.163.01`. */
  readonly path: HostPath
  /** The same, inside the driver root: where a CDI container finds it. */
  readonly rootPath: HostPath
  /** Capabilities that bring it; none: only `all` does. Order: alphabetical. */
  readonly capabilities: readonly DriverCapability[]
  /** Order: tables, then needs by path. */
  readonly reasons: readonly FileReason[]
}

export interface DriverLibrary extends CataloguedFile {
  readonly soname: string
  readonly bits: 32 | 64
  readonly machine: ElfMachine
  /** The oldest C library that has every symbol version it asks for: `2.17`; undefined: it asks for none. */
  readonly glibc: string | undefined
  /** Links of the machine beside it that lead to it. Order: by path. */
  readonly links: readonly FileLink[]
}

export type DriverBinary = CataloguedFile

/** ICD, EGL, Vulkan, OptiX, OpenCL and X11 files. */
export interface DriverConfiguration extends CataloguedFile {
  /** Where a container looks for it; it differs where the reference moves it. */
  readonly containerPath: HostPath
}

/** Modules of the X server. */
export interface DriverModule extends CataloguedFile {
  readonly links: readonly FileLink[]
}

export interface DriverCatalogue {
  readonly version: string
  readonly driverRoot: HostPath
  /** Order: as in the table of files, then by path; 64 bits before 32. */
  readonly libraries: readonly DriverLibrary[]
  readonly binaries: readonly DriverBinary[]
  readonly configurations: readonly DriverConfiguration[]
  readonly modules: readonly DriverModule[]
  /** Links that belong to no single library: `gbm/nvidia-drm_gbm.so`. */
  readonly links: readonly FileLink[]
  /** gsp*.bin of this version. Order: by name. */
  readonly firmware: readonly HostPath[]
  /** Directories that hold libraries of the driver, inside the driver root. Order: as they were named, else the reference's, then as found. */
  readonly directories: readonly HostPath[]
  /** Of the main libraries whose links lead elsewhere: another driver lies beside this one. Order: as found. */
  readonly otherVersions: readonly string[]
  /** Tegra: directories and files that the platform's lists name. WSL: the Windows driver's store. */
  readonly platformFiles: readonly HostPath[]
  readonly platformLinks: readonly FileLink[]
  /** Where was looked: while none of these changes, the catalogue holds. Also places that do not exist. */
  readonly searched: readonly HostPath[]
  readonly findings: readonly Finding[]
  /** What an ordinary driver lacks on a board, whose lists are its driver: for who asks for the other. */
  readonly packageFindings: readonly Finding[]
}
