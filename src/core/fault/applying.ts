/** Faults of applying a plan (GAN3xxx): system calls that failed, containers that cannot be entered or changed. */

import type { Catalogue } from "./entry.ts"

export interface ApplyingFaults {
  /** A system call of an applier failed. `errno` is the symbolic name; `target` what it was applied to. */
  SystemCallFailed: { readonly syscall: string; readonly target: string; readonly errno: string }
  /** Bun can make no system calls here: its FFI needs executable memory. */
  SystemCallsUnavailable: { readonly problem: string }
  /** Becoming another program failed. */
  ExecFailed: { readonly path: string; readonly errno: string; readonly text: string }
  /** What lies in the container where something must be mounted is not what it must be. */
  MountTargetHostile: { readonly path: string; readonly expected: "file" | "directory" }
  /** The host's node is another device than when the plan was made. */
  DeviceNodeChanged: { readonly path: string; readonly planned: string }
  /** A recording or a tree in memory cannot give a container anything. */
  HostNotLive: { readonly name: string }
  CgroupNotFound: { readonly pid: string }
  DeviceProgramUnreadable: { readonly cgroup: string }
  /** Who is no administrator of the machine manages no device cgroup. */
  DeviceRulesRefused: { readonly cgroup: string }
  /** The process whose container is to be changed is not there. `path`: where proc should describe it. */
  ContainerProcessGone: { readonly path: string }
  /** Permissions that a hook has given, in a cgroup that systemd writes anew by what it knows itself. */
  DeviceRulesForgotten: { readonly cgroup: string }
  ContainerPlaceReadOnly: { readonly path: string; readonly consequence: string }
  /** The process of a container that was created already has its groups and variables. */
  ProcessFixed: { readonly what: string }
  GroupUnknown: Readonly<Record<string, never>>
  ProcViewAbsent: Readonly<Record<string, never>>
  /** A link that a CDI hook was to make. */
  ContainerLinkNotMade: { readonly path: string; readonly target: string }
  /** A file that a CDI hook was to write. */
  ContainerFileNotWritten: {
    readonly path: string
    readonly purpose: "loader" | "compat" | "profile"
  }
  CompatLibrariesSeveral: { readonly paths: readonly string[] }
  DeviceMinorOutside: { readonly path: string; readonly minor: number; readonly limit: number }
}

const purposes = {
  loader: "Error updating ldcache",
  compat: "failed to create ld.so.conf.d entry for CUDA compat libraries",
  profile: "failed to write application profile",
} as const

/** By the error's name: who refuses is the kernel's configuration, not the container's. */
const callRemedies: Readonly<Record<string, string>> = {
  ENOSYS: "start it on Linux 5.12 or later, and let no filter of system calls hide this one from the engine",
  EPERM:
    "let the engine have CAP_SYS_ADMIN, and no filter of system calls (seccomp; SystemCallFilter of its unit) refuse it this one",
  EACCES:
    "look whether SELinux or AppArmor denied it (ausearch -m avc, dmesg), or the container's root lies where root may not write (NFS with root_squash)",
}

const placeAdvice = (path: string): string =>
  `take what the image has at ${path} out of it: a directory there, or a parent that is none, and let root write there: NFS with root_squash, SELinux and AppArmor may not`

export const applyingCatalogue: Catalogue<ApplyingFaults> = {
  SystemCallFailed: {
    code: "GAN3001",
    exit: 1,
    says: (d) => `${d.syscall} failed on ${JSON.stringify(d.target)}: ${d.errno}`,
    remedies: ({ errno }) => [
      {
        kind: "know",
        text: callRemedies[errno] ?? "run gantry explain on the container's bundle to see what was planned",
      },
    ],
  },
  SystemCallsUnavailable: {
    code: "GAN3003",
    exit: 1,
    says: (d) => `no system call can be made: ${d.problem}`,
    remedies: () => [
      {
        kind: "know",
        text: "let the process make memory executable (MemoryDenyWriteExecute=no in a unit of systemd's), or raise its limits of memory",
      },
    ],
  },
  ExecFailed: {
    code: "GAN3002",
    exit: 1,
    says: (d) => `exec failed: ${d.text}: ${JSON.stringify(d.path)}`,
    remedies: (d) => [
      {
        kind: "know",
        text: `make ${d.path === "" ? "nvidia-container-cli.path" : d.path} an executable program`,
      },
    ],
  },
  MountTargetHostile: {
    code: "GAN3010",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: mount error: file creation failed: ${d.path}: file exists, and is no ${d.expected}`,
    remedies: (d) => [
      {
        kind: "know",
        text: `take ${d.path} out of the image; a link or FIFO there would lead the mount elsewhere`,
      },
    ],
  },
  DeviceNodeChanged: {
    code: "GAN3011",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: mount error: invalid device node: ${d.path}: it is no longer character device ${d.planned}`,
    remedies: () => [{ kind: "know", text: "start the container again; the driver was reloaded in between" }],
  },
  HostNotLive: {
    code: "GAN3012",
    exit: 1,
    says: (d) => `${d.name} is only a description of a machine, nothing can be taken from it`,
    remedies: () => [
      { kind: "know", text: "set gantry.host to live or to the directory of a simulated machine" },
    ],
  },
  CgroupNotFound: {
    code: "GAN3020",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: container error: cgroup subsystem devices not found for process ${d.pid}`,
    remedies: () => [
      {
        kind: "know",
        text: "mount the cgroup file system, or set nvidia-container-cli.no-cgroups = true where the engine manages devices",
      },
    ],
  },
  DeviceProgramUnreadable: {
    code: "GAN3021",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: mount error: failed to add device rules: the kernel does not show the device filter of ${d.cgroup}`,
    remedies: () => [
      {
        kind: "run",
        argv: ["sysctl", "net.core.bpf_jit_harden=1"],
        asRoot: true,
        why: "with 2 the kernel hides filters, and none can be extended",
      },
    ],
  },
  DeviceRulesRefused: {
    code: "GAN3024",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: mount error: failed to add device rules: operation not permitted in ${d.cgroup}`,
    remedies: () => [
      {
        kind: "know",
        text: "only the machine's root may permit devices: say --no-cgroups (nvidia-container-cli.no-cgroups = true), and let the engine permit them where it restricts them",
      },
    ],
  },
  ContainerProcessGone: {
    code: "GAN3022",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: container error: stat failed: ${d.path}: no such file or directory: no process is described there`,
    remedies: () => [
      {
        kind: "know",
        text: "name the container's process by --pid; without it the container's proc must be mounted in its root, and the caller's parent be in it",
      },
    ],
  },
  DeviceRulesForgotten: {
    code: "GAN3023",
    exit: 1,
    says: (d) =>
      `systemd manages ${d.cgroup} and does not know what a hook permits there: systemctl daemon-reload, or an update of the container, takes the GPU from it while it runs`,
    remedies: () => [
      {
        kind: "know",
        text: "let nvidia-container-runtime start the container (docker run --runtime=nvidia), whose permissions stand in config.json, or name each node by --device",
      },
    ],
  },
  ContainerPlaceReadOnly: {
    code: "GAN3030",
    exit: 1,
    says: (d) => `${d.path} cannot be written in the container: ${d.consequence}`,
    remedies: (d) => [
      {
        kind: "know",
        text: d.path.startsWith("/etc/ld")
          ? "make the directory writable, or set LD_LIBRARY_PATH in the container"
          : "make the directory writable in the container",
      },
    ],
  },
  ProcessFixed: {
    code: "GAN3032",
    exit: 1,
    says: (d) => `a hook comes too late to give the container's process ${d.what}`,
    remedies: () => [
      {
        kind: "know",
        text: "a process that is not root opens such nodes when the engine gives it the group: docker run --group-add GID",
      },
    ],
  },
  GroupUnknown: {
    code: "GAN3033",
    exit: 1,
    says: () => "the group that may open a node of the container's is none of this user namespace's",
    remedies: () => [
      {
        kind: "know",
        text: "a process that is not the container's root opens such nodes when the engine keeps the user's groups: podman run --group-add keep-groups",
      },
    ],
  },
  ProcViewAbsent: {
    code: "GAN3031",
    exit: 1,
    says: () => "the container's /proc has no driver/nvidia to cover",
    remedies: () => [{ kind: "know", text: "this is so on a simulated machine; nothing is lost" }],
  },
  ContainerLinkNotMade: {
    code: "GAN3040",
    exit: 1,
    says: (d) => `failed to create link [${d.target} ${d.path}]`,
    remedies: (d) => [
      {
        kind: "know",
        text: placeAdvice(d.path),
      },
    ],
  },
  ContainerFileNotWritten: {
    code: "GAN3041",
    exit: 1,
    says: (d) => `${purposes[d.purpose]}: ${d.path}`,
    remedies: (d) => [
      {
        kind: "know",
        text: placeAdvice(d.path),
      },
    ],
  },
  CompatLibrariesSeveral: {
    code: "GAN3042",
    exit: 1,
    says: (d) => `Unexpected number of CUDA compat libraries in container: [${d.paths.join(" ")}]`,
    remedies: () => [
      {
        kind: "know",
        text: "leave one libcuda in the image's compat directory; the host's driver is used until then",
      },
    ],
  },
  DeviceMinorOutside: {
    code: "GAN3043",
    exit: 1,
    says: (d) => `dropping invalid minor number ${d.minor} of ${d.path}: must be in range [0, ${d.limit}]`,
    remedies: () => [
      { kind: "know", text: "EGL shows this GPU to no container by the profile; the mask has no more bits" },
    ],
  },
}
