/**
 * The Host port: all that Gantry may ask of a machine before it decides, synchronously and read-only.
 * Paths are those of the machine itself; where they really lie (live root, simulated directory, memory tree, recording)
 * is the implementation's affair. Source of truth for behaviour: the contract suite in tests/host/contract.ts.
 */

import type { Result } from "../fault/result.ts"
import type { NvmlReport } from "../inventory/nvml-report.ts"
import type { HostPath } from "../text/brand.ts"
import type { ByteRange } from "../text/byte-range.ts"

export type FileKind = "file" | "directory" | "symlink" | "character" | "block" | "fifo" | "socket"

export interface FileStat {
  readonly kind: FileKind
  /** Permission bits only, 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Units: bytes. 0 for anything but a regular file. */
  readonly sizeBytes: number
  /** Device number of a character or block node, else 0. */
  readonly major: number
  readonly minor: number
}

/** A part of one file, or all of it. Faults: as readFile's. */
export type ReadPart = (range?: ByteRange) => Result<Uint8Array>

/** Where the management library is looked for: as all libraries of the driver. */
export interface NvmlPlace {
  readonly driverRoot: HostPath
  /** Inside the driver root. */
  readonly ldcache: string
  /** Directories inside the driver root that are searched before all others. */
  readonly searchPaths: readonly string[]
}

export interface Host {
  /** What kind of machine answers, and its name for people (`live`, a directory, a recording's file). */
  readonly provenance: { readonly kind: "live" | "simulated" | "memory" | "recording"; readonly name: string }

  /** Content of a regular file, symlinks followed within the machine. A FIFO, device or directory is a fault, and is never waited for. */
  readFile(path: HostPath, range?: ByteRange): Result<Uint8Array>

  /** Parts of one file, as readFile gives them; one that has to be opened is opened once for all that `use` reads. */
  readParts<T>(path: HostPath, use: (read: ReadPart) => T): T

  /** Names in a directory, without `.` and `..`. Order: by code point. */
  readDir(path: HostPath): Result<readonly string[]>

  /** The entry itself: a symlink is not followed (those on the way to it are). */
  lstat(path: HostPath): Result<FileStat>

  /** Text of a symlink, as it stands there. */
  readLink(path: HostPath): Result<string>

  /** True when the path leads, through symlinks, to something. */
  exists(path: HostPath): boolean

  /**
   * Asks the vendor's management library, in a bounded child process, or remembers what it said. What it gives waits for the answer, so that
   * other looks can be taken meanwhile, and is called once. Faults: NvmlUnavailable.
   */
  askNvml(place: NvmlPlace): () => Result<NvmlReport>

  /** Where the path lies for system calls of this process, for appliers; undefined when the machine is only data. */
  livePath(path: HostPath): string | undefined

  /** Links that `livePath` has already followed, as they lie for this process. Absent: it follows none, and the kernel does. */
  linksOn?(path: HostPath): readonly string[]
}

/** All but NVML: what applying a plan needs, and what proves a remembered machine fresh. */
export type HostFiles = Omit<Host, "askNvml">
