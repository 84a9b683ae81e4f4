/** Faults of the machine (GAN2xxx): what could not be read, what is missing, what does not fit together. */

import type { HostPath } from "../text/brand.ts"
import type { Catalogue } from "./entry.ts"

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
  SimulatedPlaceTaken: { readonly directory: string }
  SimulatedMachineUnknown: { readonly directory: string }
  SimulatedWriteFailed: { readonly directory: string; readonly problem: string }
  /** A GPU whose facts the driver does not tell. */
  GpuUnreadable: { readonly pciAddress: string; readonly path: HostPath }
  DeviceNodeMissing: { readonly path: HostPath; readonly neededBy: string }
  DriverNotLoaded: { readonly host: string }
  /** The user-space driver that belongs to the loaded kernel module is not there. */
  DriverLibraryMissing: { readonly name: string; readonly driverRoot: HostPath }
  /** A selector that no GPU answers to. `known`: what would. */
  DeviceUnknown: { readonly selector: string; readonly known: readonly string[] }
  /** Something that this version cannot inject by itself. */
  DeviceKindUnserved: { readonly selector: string; readonly kind: string }
  RequirementUnmet: { readonly requirement: string; readonly has: string; readonly first: string }
  RequirementInvalid: { readonly requirement: string; readonly part: string }
}

export const machineCatalogue: Catalogue<MachineFaults> = {
  HostReadFailed: {
    code: "GAN2001",
    exit: 1,
    says: (d) => `cannot read ${JSON.stringify(d.path)}: ${d.syscall}: ${d.errno}`,
    remedies: (d) => [
      {
        kind: "know",
        text:
          d.reason === "denied"
            ? "run as a user who may read it, usually root"
            : "check that the path exists on this machine",
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
  SimulatedPlaceTaken: {
    code: "GAN2050",
    exit: 1,
    says: (d) => `${JSON.stringify(d.directory)} holds files that are not a simulated machine`,
    remedies: () => [{ kind: "know", text: "name a directory that is empty or does not exist yet" }],
  },
  SimulatedMachineUnknown: {
    code: "GAN2051",
    exit: 1,
    says: (d) => `${JSON.stringify(d.directory)} is no simulated machine`,
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
  GpuUnreadable: {
    code: "GAN2100",
    exit: 1,
    says: (d) => `the driver does not tell the device minor of GPU ${d.pciAddress}`,
    remedies: () => [
      {
        kind: "run",
        argv: ["nvidia-smi"],
        asRoot: true,
        why: "initialises the GPU, and shows whether it answers",
      },
    ],
  },
  DeviceNodeMissing: {
    code: "GAN2101",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: mount error: stat failed: ${d.path}: no such file or directory: needed by ${d.neededBy}`,
    remedies: () => [
      {
        kind: "run",
        argv: ["nvidia-modprobe", "-c", "0", "-u"],
        asRoot: true,
        why: "loads the modules and makes the nodes",
      },
    ],
  },
  DriverNotLoaded: {
    code: "GAN2102",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: initialization error: nvml error: driver not loaded: no NVIDIA kernel module on ${d.host}`,
    remedies: () => [
      {
        kind: "run",
        argv: ["modprobe", "nvidia"],
        asRoot: true,
        why: "loads the driver, if it is installed",
      },
    ],
  },
  DriverLibraryMissing: {
    code: "GAN2103",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: initialization error: load library failed: ${d.name}: cannot open shared object file: no such file or directory: below ${d.driverRoot}`,
    remedies: () => [
      {
        kind: "know",
        text: "the libraries must have the kernel module's version: reboot after a driver upgrade, or set nvidia-container-cli.root to where the driver lies",
      },
    ],
  },
  DeviceUnknown: {
    code: "GAN2104",
    exit: 1,
    says: (d) => `nvidia-container-cli: device error: ${d.selector}: unknown device`,
    remedies: (d) => [
      {
        kind: "know",
        text:
          d.known.length === 0
            ? "this machine has no usable GPU"
            : `ask for one of ${d.known.join(", ")}, or all`,
      },
    ],
  },
  DeviceKindUnserved: {
    code: "GAN2105",
    exit: 1,
    says: (d) => `${d.selector} is ${d.kind}, which native injection does not serve yet`,
    remedies: () => [
      {
        kind: "know",
        text: 'set gantry.injector = "delegate" in config.toml to let nvidia-container-cli do it',
      },
    ],
  },
  RequirementUnmet: {
    code: "GAN2106",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: requirement error: unsatisfied condition: ${d.first}: the image asks for ${d.requirement}; this machine has ${d.has}`,
    remedies: () => [
      {
        kind: "know",
        text: "update the driver, take an older image, or set NVIDIA_DISABLE_REQUIRE=1 if you know that it works",
      },
    ],
  },
  RequirementInvalid: {
    code: "GAN2107",
    exit: 1,
    says: (d) => `nvidia-container-cli: requirement error: invalid expression: ${d.part} in ${d.requirement}`,
    remedies: () => [
      {
        kind: "know",
        text: "a requirement is name, operator, value: cuda>=12.1, driver<471, arch>=7.0, brand=tesla",
      },
    ],
  },
}
