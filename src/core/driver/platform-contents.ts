/** What a platform's lists give, as found on a machine: plain data, which is kept as JSON. Looked for in observe-platform-files.ts. */

import type { ElfMachine } from "../elf/elf.ts"
import type { Finding } from "../fault/finding.ts"
import type { NodeFact } from "../inventory/inventory.ts"
import type { PlatformEntryKind } from "../inventory/parse-platform-list.ts"
import type { HostPath } from "../text/brand.ts"
import type { FileLink } from "./catalogue.ts"

export interface PlatformLibrary {
  readonly soname: string
  readonly bits: 32 | 64
  readonly machine: ElfMachine
}

/** `path`: inside the driver root, `hostPath`: on the machine. */
export interface PlatformFile {
  readonly path: HostPath
  readonly hostPath: HostPath
}

/** An entry that names something that is there; one of a pattern for each thing that fits. */
export interface PlatformItem {
  readonly kind: PlatformEntryKind
  /** As named, clean. */
  readonly path: HostPath
  readonly list: HostPath
  /** 1-based. */
  readonly line: number
  /** Of a `dev`. */
  readonly node: NodeFact | undefined
  /** Of all others: what lies at the end of the links. */
  readonly file: PlatformFile | undefined
  /** Those on the way, then those beside the file by which loaders and linkers find it. Inside the driver root, as they stand there. */
  readonly links: readonly FileLink[]
  /** undefined: no shared object, or none whose header can be read. */
  readonly library: PlatformLibrary | undefined
}

export interface PlatformContents {
  /** Of every list. Order: lists by name, as listed. */
  readonly items: readonly PlatformItem[]
  /** The driver's nodes of GPUs, `/dev/nvidia0`, also those that no list names. Order: by number. */
  readonly gpuNodes: readonly NodeFact[]
  /** The board's release, which programs read; undefined: there is none. */
  readonly release: PlatformFile | undefined
  /** Lines that are no entry, and entries that name nothing that is there. */
  readonly findings: readonly Finding[]
  /** Where was looked. Also places that do not exist. */
  readonly places: readonly HostPath[]
}
