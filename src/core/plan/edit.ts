/**
 * One change to a container, as data. A plan is a list of these; appliers interpret them, each re-checking at the moment of use.
 * Every edit carries the ids of the reasons that led to it.
 */

import type { ContainerEdits } from "../cdi/spec.ts"
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

/** A bind mount of a host file, directory or socket. */
export interface MountEdit extends Because {
  readonly kind: "mount"
  readonly hostPath: HostPath
  readonly containerPath: ContainerPath
  /** The container works without it: where it cannot be mounted, that is a finding. */
  readonly isOptional: boolean
  readonly options: readonly MountOption[]
}

export type MountOption = "ro" | "nosuid" | "nodev" | "noexec"

/** A symbolic link at `path` that says `target`. */
export interface SymlinkEdit extends Because {
  readonly kind: "symlink"
  readonly path: ContainerPath
  readonly target: string
}

/** A file whose content Gantry makes: in a cover, where the plan has one for its directory, else at its place. */
export interface FileEdit extends Because {
  readonly kind: "file"
  readonly path: ContainerPath
  readonly text: string
  readonly mode: number
}

/** An empty file system over a directory: what the plan puts below it is all that is seen there. Read-only in the end. */
export interface CoverEdit extends Because {
  readonly kind: "cover"
  readonly path: ContainerPath
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

/** Directories that musl's loader of one machine must search too: it has no cache. */
export interface MuslPathEdit extends Because {
  readonly kind: "muslPath"
  readonly path: ContainerPath
  readonly directories: readonly ContainerPath[]
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

/** A group that the container's process has in addition: who may open a node that is not for everybody. */
export interface GroupEdit extends Because {
  readonly kind: "gid"
  readonly gid: number
}

/** What a CDI specification says of one device, applied as engines do. Only the runtime wrapper can. */
export interface CdiDeviceEdit extends Because {
  readonly kind: "cdiDevice"
  /** `vendor/class=device`. */
  readonly name: string
  /** The specification's. */
  readonly file: HostPath
  /** With those for every device of the file, where it is the first of them. */
  readonly containerEdits: ContainerEdits
}

export type Edit =
  | DeviceNodeEdit
  | CgroupRuleEdit
  | MountEdit
  | CoverEdit
  | FileEdit
  | SymlinkEdit
  | LdcacheEdit
  | MuslPathEdit
  | EnvEdit
  | GroupEdit
  | CdiDeviceEdit
  | DelegateEdit

/** The order in which a plan has its edits. */
export const editOrder: readonly Edit["kind"][] = [
  "deviceNode",
  "cgroupRule",
  "mount",
  "cover",
  "file",
  "symlink",
  "ldcache",
  "muslPath",
  "env",
  "gid",
  "cdiDevice",
  "delegate",
]
