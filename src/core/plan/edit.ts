/**
 * One change to a container, as data. A plan is a list of these; appliers interpret them, each re-checking at the moment of use.
 * Every edit carries the ids of the reasons that led to it.
 */

import type { ElfMachine } from "../elf/elf.ts"
import type { ContainerPath, HostPath } from "../text/brand.ts"

interface Because {
  /** Ids of the plan's reasons. Never empty. */
  readonly reasons: readonly string[]
}

/** A character device node in the container, with a cgroup rule for it. */
export interface DeviceNodeEdit extends Because {
  readonly kind: "deviceNode"
  readonly path: ContainerPath
  readonly hostPath: HostPath
  readonly major: number
  readonly minor: number
  readonly fileMode: number
  readonly uid: number
  readonly gid: number
}

/** A bind mount of a host file or directory, always read-only-able: options say how. */
export interface MountEdit extends Because {
  readonly kind: "mount"
  readonly hostPath: HostPath
  readonly containerPath: ContainerPath
  readonly options: readonly ("ro" | "nosuid" | "nodev" | "noexec")[]
}

/** A symbolic link at `path` that says `target`. */
export interface SymlinkEdit extends Because {
  readonly kind: "symlink"
  readonly path: ContainerPath
  readonly target: string
}

/** A file whose content Gantry makes, laid over `path` without touching the image: the driver's proc view, profiles. */
export interface FileEdit extends Because {
  readonly kind: "file"
  readonly path: ContainerPath
  readonly text: string
  readonly mode: number
}

/** Entries that the loader cache of the container must have. */
export interface LdcacheEdit extends Because {
  readonly kind: "ldcache"
  readonly path: ContainerPath
  readonly entries: readonly {
    readonly soname: string
    readonly path: ContainerPath
    readonly bits: 32 | 64
    readonly machine: ElfMachine
  }[]
}

/** Permission in the container's device cgroup. */
export interface CgroupRuleEdit extends Because {
  readonly kind: "cgroupRule"
  readonly major: number
  readonly minor: number
  readonly access: "rw" | "rwm"
}

/** Becoming another program that does the work. */
export interface DelegateEdit extends Because {
  readonly kind: "delegate"
  readonly path: string
  /** Without the program's own name. */
  readonly argv: readonly string[]
  readonly env: readonly string[]
}

export interface EnvEdit extends Because {
  readonly kind: "env"
  readonly name: string
  readonly value: string
}

export type Edit =
  | DeviceNodeEdit
  | MountEdit
  | SymlinkEdit
  | FileEdit
  | LdcacheEdit
  | CgroupRuleEdit
  | EnvEdit
  | DelegateEdit
