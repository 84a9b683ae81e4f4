/** Faults of the machine (GAN2xxx): what could not be read, what is missing, what does not fit together. */

import type { HostPath } from "../text/brand.ts"
import type { Catalogue } from "./entry.ts"
import { obstacles, writeObstacles } from "./remedy.ts"

export interface MachineFaults {
  /** A read of the host failed. `errno` is the symbolic name (`ENOENT`), `syscall` what was tried. */
  HostReadFailed: {
    readonly path: HostPath
    readonly syscall: string
    readonly errno: string
    readonly reason: "absent" | "denied" | "other"
  }
  /** Bytes that claim to be ELF and are not, or are cut off. */
  ElfInvalid: { readonly problem: string }
  /** A loader cache that cannot be read. */
  LdcacheInvalid: { readonly problem: string }
  /** What was named as a machine is none. */
  HostUnknown: { readonly selector: string }
  RecordingInvalid: { readonly name: string; readonly problem: string }
  RecordingUnwritable: { readonly path: string }
  SimulatedPlaceTaken: { readonly directory: string }
  /** A line of a listing of paths that cannot be one. `line`: 1-based, 0: the listing as a whole. */
  ListingInvalid: { readonly name: string; readonly line: number; readonly problem: string }
  SimulatedMachineUnknown: { readonly directory: string }
  SimulatedWriteFailed: { readonly directory: string; readonly problem: string }
}

const verbOf = ({ syscall }: { readonly syscall: string }): "read" | "write" =>
  ["write", "mkdir"].includes(syscall) ? "write" : "read"

export const machineCatalogue: Catalogue<MachineFaults> = {
  HostReadFailed: {
    code: "GAN2001",
    exit: 1,
    says: (d) => `cannot ${verbOf(d)} ${JSON.stringify(d.path)}: ${d.syscall}: ${d.errno}`,
    remedies: (d) => [
      {
        kind: "know",
        text:
          (verbOf(d) === "write" ? writeObstacles : obstacles)[d.errno] ??
          (d.reason === "denied"
            ? `run as a user who may ${verbOf(d)} it, usually root`
            : "check that the path exists on this machine"),
      },
    ],
  },
  ElfInvalid: {
    code: "GAN2010",
    exit: 1,
    says: (d) => `not a usable ELF file: ${d.problem}`,
    remedies: () => [{ kind: "know", text: "reinstall the package that the file came with" }],
  },
  LdcacheInvalid: {
    code: "GAN2011",
    exit: 1,
    says: (d) => `not a usable ld.so.cache: ${d.problem}`,
    remedies: () => [{ kind: "run", argv: ["ldconfig"], asRoot: true, why: "writes the cache anew" }],
  },
  HostUnknown: {
    code: "GAN2020",
    exit: 1,
    says: (d) => `no such machine: ${JSON.stringify(d.selector)}`,
    remedies: () => [
      {
        kind: "know",
        text: "name `live`, the directory of a simulated machine (gantry simulate up DIR), or a recording's file",
      },
    ],
  },
  RecordingInvalid: {
    code: "GAN2021",
    exit: 1,
    says: (d) => `${JSON.stringify(d.name)} is not the recording of a machine: ${d.problem}`,
    remedies: () => [{ kind: "know", text: "docs/recordings.md says what a recording looks like" }],
  },
  RecordingUnwritable: {
    code: "GAN2022",
    exit: 1,
    says: (d) => `the recording could not be written to ${JSON.stringify(d.path)}`,
    remedies: () => [{ kind: "know", text: "name a file in a directory that this user may write" }],
  },
  SimulatedPlaceTaken: {
    code: "GAN2050",
    exit: 1,
    says: (d) => `${JSON.stringify(d.directory)} holds files that are not a simulated machine`,
    remedies: () => [{ kind: "know", text: "name a directory that is empty or does not exist yet" }],
  },
  ListingInvalid: {
    code: "GAN2053",
    exit: 1,
    says: (d) => `${JSON.stringify(d.name)}${d.line === 0 ? "" : `, line ${d.line}`}: ${d.problem}`,
    remedies: () => [{ kind: "know", text: "docs/simulate.md says what a listing looks like" }],
  },
  SimulatedMachineUnknown: {
    code: "GAN2051",
    exit: 1,
    says: (d) => `${JSON.stringify(d.directory)} is not a simulated machine`,
    remedies: () => [{ kind: "know", text: "only a directory made by gantry simulate up can be taken down" }],
  },
  SimulatedWriteFailed: {
    code: "GAN2052",
    exit: 1,
    says: (d) => `the simulated machine ${JSON.stringify(d.directory)} could not be written: ${d.problem}`,
    remedies: () => [
      { kind: "know", text: "choose a directory that this user may write, with room on its disk" },
    ],
  },
}
