/**
 * What a container asked for, after all rules: the pure outcome of config.toml, OCI state, config.json and the profile, or of the
 * command line of nvidia-container-cli.
 * It says nothing of the machine; selectors are not resolved yet.
 */

import type { DriverCapability } from "../driver/capability.ts"
import type { Fault } from "../fault/fault.ts"
import type { PlatformLists } from "./platform-lists.ts"
import type { Companion } from "./profile.ts"
import type { Reason } from "./reason.ts"

/** The container asks for no GPU: nothing is to be done, whatever else it says. */
export interface NoRequest {
  readonly kind: "none"
  readonly reasons: readonly Reason[]
}

export interface PassedOver {
  /** As people name it: `driver capabilities`. */
  readonly rule: string
  readonly fault: Fault
}

export interface GpuRequest {
  readonly kind: "gpu"
  /** Selectors as the delegated command line carries them, holes and doubles included. Empty: a GPU container with no device (`none`). */
  readonly devices: readonly string[]
  /** Order and doubles as the profile has them on the command line. */
  readonly capabilities: readonly DriverCapability[]
  /** Raw values; empty: not asked for. */
  readonly migConfig: string
  readonly migMonitor: string
  readonly imexChannels: readonly string[]
  readonly companions: readonly Companion[]
  readonly platformLists: PlatformLists
  /** Expressions of the requirement language. Order: by code point of the variable's name, the legacy image's `cuda>=` last. */
  readonly requirements: readonly string[]
  /** What a strict reading would have refused, and a lenient one read as if it was not said. Order: as judged. */
  readonly passedOver: readonly PassedOver[]
  readonly isPrivileged: boolean
  readonly isLegacyImage: boolean
  readonly container: {
    /** Of its first process; bigint because the reference keeps 64 bits. */
    readonly pid: bigint
    /** Empty: nobody said. */
    readonly bundle: string
    /** Of its root file system, as written. */
    readonly rawRootPath: string
  }
  readonly reasons: readonly Reason[]
}

export type Request = NoRequest | GpuRequest
