/** Faults of GPUs, their driver, and what is chosen of them: codes GAN2100 to GAN2199. */

import type { HostPath } from "../text/brand.ts"
import { listSome } from "../text/list-some.ts"
import type { Catalogue } from "./entry.ts"
import { errnoText } from "./errno.ts"
import { nodeMaker } from "./node-maker.ts"

export interface GpuFaults {
  /** A GPU whose facts the driver does not tell. */
  GpuUnreadable: { readonly pciAddress: string; readonly path: HostPath }
  DeviceNodeMissing: { readonly path: HostPath; readonly neededBy: string }
  DriverNotLoaded: { readonly host: string }
  /** A node that a start wanted to make. */
  DeviceNodeNotMade: { readonly path: string; readonly syscall: string; readonly errno: string }
  /** A module that a start wanted to have loaded. */
  ModuleNotLoaded: { readonly module: string; readonly problem: string }
  /** A start makes it, because the driver has it and nobody has made it. */
  DeviceNodeToBeMade: { readonly path: HostPath; readonly has: string }
  /** Neither a kernel module nor a user-space driver. */
  DriverAbsent: { readonly host: string; readonly driverRoot: string }
  /** The driver root that was named is no directory of this machine. */
  DriverRootUnusable: { readonly driverRoot: string; readonly errno: string }
  /** The loader cache that was named cannot be used. `step`: where it ended. */
  LdcacheUnusable: {
    readonly path: HostPath
    readonly step: "open" | "map" | "parse"
    readonly errno: string
  }
  /** The user-space driver that belongs to the loaded kernel module is not there. */
  DriverLibraryMissing: { readonly name: string; readonly driverRoot: HostPath }
  /** A selector that no GPU answers to. `known`: what would; `meant`: the nearest of it. */
  DeviceUnknown: {
    readonly selector: string
    readonly known: readonly string[]
    readonly meant: string | undefined
  }
  /** A selector that more than one GPU answers to. */
  DeviceAmbiguous: { readonly selector: string; readonly candidates: readonly string[] }
  /** Rights over MIG are given for all GPUs or for none, and not beside single MIG devices. */
  MigRightInvalid: {
    readonly right: "mig-config" | "mig-monitor"
    readonly item: string
    readonly problem: "item" | "devices"
  }
  ImexChannelInvalid: { readonly channel: string }
  ImexChannelMissing: { readonly channel: number; readonly known: readonly number[] }
  /** What a variable asks for beside GPUs and the machine does not have. */
  CompanionMissing: { readonly variable: string; readonly place: string }
  /** A mode does not apply a rule that the hook applies. `change`: what would be if it did. */
  RuleNotApplied: { readonly mode: string; readonly rule: string; readonly change: string }
  /** Something that this version cannot inject by itself. */
  DeviceKindUnserved: { readonly selector: string; readonly kind: string }
  /** `has`: what this driver and GPU are; `branch`: the smallest driver branch that would do, undefined: none is known to. */
  RequirementUnmet: {
    readonly requirement: string
    readonly first: string
    readonly has: string
    readonly branch: number | undefined
  }
  RequirementInvalid: { readonly requirement: string; readonly part: string }
  /** The GPU is on the bus, and the driver does not use it. `driver`: who has it, undefined: nobody. */
  GpuUndriven: { readonly pciAddress: string; readonly driver: string | undefined }
  /** The driver was told to leave this GPU alone. */
  GpuExcluded: { readonly pciAddress: string }
  /** The GPU was never initialised: its UUID is not known to anybody yet. */
  GpuUuidUnknown: { readonly pciAddress: string }
  /** A node carries a number that its driver no longer has: it was made before the module was loaded anew. */
  DeviceMajorStale: {
    readonly path: HostPath
    readonly has: number
    readonly registered: number
    readonly name: string
  }
  /** A node has the name of one device and the number of another. */
  DeviceNodeWrong: { readonly path: HostPath; readonly has: string; readonly expected: string }
  /** The driver tells one minor of several GPUs, so that nobody knows whose the node is. */
  GpuMinorShared: { readonly minor: number; readonly pciAddresses: readonly string[] }
  /** Kernel module and user-space driver are of two versions. */
  DriverVersionMismatch: {
    readonly kernel: string
    readonly userSpace: readonly string[]
    readonly driverRoot: HostPath
  }
  /** The management library cannot be asked. `step`: where it ended. */
  NvmlUnavailable: {
    readonly library: string
    readonly step: "search" | "load" | "initialise" | "ask" | "time" | "crash"
    readonly problem: string
  }
  /** A function that a newer or older library lacks. */
  NvmlSymbolMissing: { readonly library: string; readonly symbol: string }
  /** What NVML said of one GPU. */
  NvmlGpuFailed: { readonly index: number; readonly problem: string }
  /** A MIG device whose permission nodes are not there. */
  MigNodeMissing: { readonly device: string; readonly path: HostPath }
  /** A socket file that nobody listens at. `service`: empty, where nobody knows which it is. */
  SocketDead: { readonly path: HostPath; readonly service: string }
  /** An optional file of the driver that is not there. `consequence`: what will not work. */
  DriverFileMissing: { readonly name: string; readonly consequence: string; readonly capability: string }
  /** A file that has the driver's name and cannot be used. */
  DriverFileUnusable: { readonly path: HostPath; readonly problem: string }
  /** A library of the driver that no capability brings. */
  DriverLibraryUnknown: { readonly path: HostPath }
  /** A library needs one of the driver's that is not there. */
  DriverLibraryNeeded: { readonly path: HostPath; readonly needs: string }
  /** A line of the platform's list that names nothing that is there. */
  PlatformEntryMissing: { readonly list: HostPath; readonly line: number; readonly entry: string }
  /** Windows has more than one driver. `told`: by what the one in use is. */
  WindowsDriverAmbiguous: {
    readonly used: HostPath
    readonly others: readonly HostPath[]
    readonly told: "copies" | "version" | "nothing"
  }
  /** A machine whose driver is no kernel module of ours, in a mode that plans from one. */
  PlatformUnserved: { readonly host: string; readonly platform: "tegra" | "wsl" }
  /** A board's lists do not tell what a container needs. `what`: what is wrong with them, `has no list`. */
  PlatformUnlisted: { readonly directory: string; readonly what: string; readonly host: string }
  /** A line of the platform's list that is no entry. */
  PlatformEntryInvalid: {
    readonly list: HostPath
    readonly line: number
    readonly entry: string
    readonly problem: string
  }
}

const whatTells = {
  copies: "its files are those of /usr/lib/wsl/lib",
  version: "it is the later one, and nothing else tells which is in use",
  nothing: "nothing tells which is in use",
}

/** As the reference says it. An empty name never comes to be opened. */
const ldcacheProblems = {
  open: (path: string, error: string) =>
    path === ""
      ? `initialization error: ${error}: --ldcache is empty`
      : `detection error: open failed: ${path}: ${error}`,
  map: (path: string, error: string) => `detection error: file mapping failed: ${path}: ${error}`,
  parse: (path: string) => `detection error: unsupported file format: ${path}`,
} as const

export const gpuCatalogue: Catalogue<GpuFaults> = {
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
    remedies: (d) => [nodeMaker(d.path, "loads the module and makes the node")],
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
  DeviceNodeNotMade: {
    code: "GAN2160",
    exit: 1,
    says: (d) => `${d.path} was to be made: ${d.syscall}: ${errnoText(d.errno)}`,
    remedies: (d) => [nodeMaker(d.path, "loads the module and makes the node")],
  },
  ModuleNotLoaded: {
    code: "GAN2161",
    exit: 1,
    says: (d) => `the kernel module ${d.module} was to be loaded: ${d.problem}`,
    remedies: (d) => [
      { kind: "run", argv: ["modprobe", d.module], asRoot: true, why: "loads it, or says why it cannot be" },
    ],
  },
  DeviceNodeToBeMade: {
    code: "GAN2162",
    exit: 1,
    says: (d) => `${d.path} is not there or not what it must be, and a start makes it (${d.has})`,
    remedies: () => [
      { kind: "know", text: "nvidia-container-cli.load-kmods = false keeps starts from making nodes" },
    ],
  },
  DriverAbsent: {
    code: "GAN2140",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory: no NVIDIA driver on ${d.host}, neither a kernel module nor libraries below ${d.driverRoot}`,
    remedies: () => [
      {
        kind: "know",
        text: "install the NVIDIA driver, or set nvidia-container-cli.root to where it lies",
      },
    ],
  },
  DriverRootUnusable: {
    code: "GAN2141",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: initialization error: ${d.driverRoot === "" ? `${errnoText(d.errno)}: --root is empty` : `change root failed: ${errnoText(d.errno)}: ${d.driverRoot}`}`,
    remedies: () => [
      { kind: "know", text: "--root is the absolute path of a directory, below which the driver lies" },
    ],
  },
  LdcacheUnusable: {
    code: "GAN2142",
    exit: 1,
    says: (d) => `nvidia-container-cli: ${ldcacheProblems[d.step](d.path, errnoText(d.errno))}`,
    remedies: () => [
      { kind: "know", text: "name a cache that ldconfig made below the driver root, or leave --ldcache out" },
    ],
  },
  DriverLibraryMissing: {
    code: "GAN2103",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory: ${d.name} is not below ${d.driverRoot}`,
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
            : `${d.meant === undefined ? "" : `did you mean ${d.meant}? `}ask for one of ${d.known.join(", ")}, or all`,
      },
    ],
  },
  DeviceAmbiguous: {
    code: "GAN2108",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: device error: ${d.selector}: unknown device: it fits ${d.candidates.length} devices`,
    remedies: (d) => [{ kind: "know", text: `write more of it: ${d.candidates.join(", ")}` }],
  },
  MigRightInvalid: {
    code: "GAN2109",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: ${d.right} error: ${d.item}: ${d.problem === "item" ? "only 'all' devices are currently supported" : `cannot enable ${d.right} with specific MIG devices selected`}`,
    remedies: (d) => [
      {
        kind: "know",
        text: d.problem === "item" ? "say all" : "select whole GPUs, or leave the right over MIG out",
      },
    ],
  },
  ImexChannelInvalid: {
    code: "GAN2115",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: error parsing IMEX info: unsupported IMEX channel value: ${d.channel}`,
    remedies: () => [
      {
        kind: "know",
        text: "a channel is a number below 1048576: the one in /dev/nvidia-caps-imex-channels/channelN",
      },
    ],
  },
  ImexChannelMissing: {
    code: "GAN2117",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: mount error: stat failed: /dev/nvidia-caps-imex-channels/channel${d.channel}: no such file or directory`,
    remedies: (d) => [
      {
        kind: "know",
        text: `${d.known.length === 0 ? "this machine has no channel" : `this machine has channel ${d.known.join(", ")}`}; a node is made with the major of nvidia-caps-imex-channels in /proc/devices and the channel as minor`,
      },
    ],
  },
  CompanionMissing: {
    code: "GAN2118",
    exit: 1,
    says: (d) => `${d.variable}=enabled asks for ${d.place}, which is not there`,
    remedies: () => [
      { kind: "know", text: "load the module that makes these nodes, or take the variable out of the image" },
    ],
  },
  RuleNotApplied: {
    code: "GAN2119",
    exit: 1,
    says: (d) => `mode ${d.mode} does not apply ${d.rule}: if it did, ${d.change}`,
    remedies: () => [
      { kind: "know", text: "set gantry.enforce = true in config.toml to have it applied in every mode" },
    ],
  },
  DeviceKindUnserved: {
    code: "GAN2105",
    exit: 1,
    says: (d) => `${d.selector} is ${d.kind}, which only the runtime wrapper serves, and not in mode legacy`,
    remedies: () => [
      {
        kind: "know",
        text: 'set nvidia-container-runtime.mode = "auto" in config.toml, and start the container with that runtime',
      },
    ],
  },
  RequirementUnmet: {
    code: "GAN2106",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: requirement error: unsatisfied condition: ${d.first}${
        d.first.startsWith("cuda>=")
          ? ", please update your driver to a newer version, or use an earlier cuda container"
          : ""
      }: the image asks for ${d.requirement}; ${d.has}`,
    remedies: (d) => [
      {
        kind: "know",
        text: `${
          d.branch === undefined
            ? "no known driver would do with this GPU: take another image or another GPU"
            : `a driver of branch ${d.branch} would do: update the driver, take an older image`
        }, or set NVIDIA_DISABLE_REQUIRE=1 if you know that it works`,
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
  GpuUndriven: {
    code: "GAN2110",
    exit: 1,
    says: (d) =>
      `GPU ${d.pciAddress} is not driven by nvidia: ${d.driver === undefined ? "no driver has it" : `${d.driver} has it`}`,
    remedies: (d) => [
      {
        kind: "know",
        text:
          d.driver === "vfio-pci"
            ? "it is kept for a virtual machine; bind it to nvidia to use it here"
            : "load the nvidia module, and see in the kernel log why it did not take the device",
      },
    ],
  },
  GpuExcluded: {
    code: "GAN2111",
    exit: 1,
    says: (d) => `GPU ${d.pciAddress} is excluded by the driver's settings`,
    remedies: () => [
      {
        kind: "know",
        text: "take it out of NVreg_ExcludedGpus, or of the list of excluded GPUs, and reload the module",
      },
    ],
  },
  GpuUuidUnknown: {
    code: "GAN2112",
    exit: 1,
    says: (d) => `the UUID of GPU ${d.pciAddress} is not known: the GPU was not initialised yet`,
    remedies: () => [
      {
        kind: "run",
        argv: ["nvidia-smi"],
        asRoot: true,
        why: "initialises every GPU; nvidia-persistenced keeps them so",
      },
    ],
  },
  DeviceMajorStale: {
    code: "GAN2113",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: mount error: invalid device node: ${d.path}: it has major ${d.has}, and ${d.name} is registered as ${d.registered}`,
    remedies: (d) => [
      {
        kind: "run",
        argv: ["rm", d.path],
        asRoot: true,
        why: "the node is of an earlier load of the module",
      },
      nodeMaker(d.path, "makes it anew"),
    ],
  },
  DeviceNodeWrong: {
    code: "GAN2124",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: mount error: invalid device node: ${d.path}: it is ${d.has}, and the device of that name is ${d.expected}`,
    remedies: (d) => [
      { kind: "run", argv: ["rm", d.path], asRoot: true, why: "it leads to another device" },
      nodeMaker(d.path, "makes it anew"),
    ],
  },
  GpuMinorShared: {
    code: "GAN2125",
    exit: 1,
    says: (d) => `the driver gives minor ${d.minor} to the GPUs ${d.pciAddresses.join(" and ")}`,
    remedies: () => [
      { kind: "run", argv: ["nvidia-smi", "-L"], asRoot: false, why: "shows which of them the driver uses" },
    ],
  },
  DriverVersionMismatch: {
    code: "GAN2114",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: initialization error: nvml error: driver/library version mismatch: the kernel module is ${d.kernel}, the libraries below ${d.driverRoot} are ${d.userSpace.join(", ")}`,
    remedies: () => [
      {
        kind: "know",
        text: "reboot, or unload and load the nvidia modules: the driver was upgraded under a running kernel",
      },
    ],
  },
  NvmlUnavailable: {
    code: "GAN2120",
    exit: 1,
    says: (d) => `NVML cannot be asked: ${d.library}: ${d.step}: ${d.problem}`,
    remedies: (d) => [
      d.step === "time" || d.step === "crash"
        ? {
            kind: "know",
            text: "see the kernel log for Xid messages and reset or reboot; what only NVML knows stays unknown until then",
          }
        : { kind: "know", text: "install the user-space driver that belongs to the loaded module" },
    ],
  },
  NvmlSymbolMissing: {
    code: "GAN2121",
    exit: 1,
    says: (d) => `${d.library} has no ${d.symbol}`,
    remedies: () => [
      { kind: "know", text: "nothing to do for an old driver: what this function tells stays unknown" },
    ],
  },
  NvmlGpuFailed: {
    code: "GAN2122",
    exit: 1,
    says: (d) => `NVML does not answer for GPU ${d.index}: ${d.problem}`,
    remedies: () => [
      { kind: "know", text: "see the kernel log for Xid messages, and reset or replace the GPU" },
    ],
  },
  MigNodeMissing: {
    code: "GAN2123",
    exit: 1,
    says: (d) => `MIG device ${d.device} cannot be given away: ${d.path} is missing`,
    remedies: () => [
      {
        kind: "run",
        argv: ["nvidia-modprobe", "-f", "/proc/driver/nvidia/capabilities/mig/config"],
        asRoot: true,
        why: "makes capability nodes; name the access file of the instance",
      },
    ],
  },
  SocketDead: {
    code: "GAN2130",
    exit: 1,
    says: (d) => `nobody listens at ${d.path}`,
    remedies: (d) =>
      d.service === ""
        ? [{ kind: "know", text: "start the service that listens there, or leave the socket out" }]
        : [
            d.service === "nvidia-cuda-mps-control"
              ? { kind: "run", argv: [d.service, "-d"], asRoot: true, why: "starts the service" }
              : {
                  kind: "run",
                  argv: ["systemctl", "restart", d.service],
                  asRoot: true,
                  why: "starts the service, or removes its socket",
                },
          ],
  },
  DriverFileMissing: {
    code: "GAN2131",
    exit: 1,
    says: (d) => `${d.consequence}: ${d.name} not found`,
    remedies: () => [
      {
        kind: "know",
        text: "install the part of the driver that this file comes with, if containers need it",
      },
    ],
  },
  DriverFileUnusable: {
    code: "GAN2132",
    exit: 1,
    says: (d) => `${d.path} has the name of a driver file and cannot be used: ${d.problem}`,
    remedies: ({ problem }) => [
      {
        kind: "know",
        text: problem.startsWith("it cannot be read")
          ? "let who looks read it: run as root, or see what the kernel says of the disk (dmesg)"
          : "reinstall the driver",
      },
    ],
  },
  DriverLibraryUnknown: {
    code: "GAN2133",
    exit: 1,
    says: (d) => `${d.path} belongs to the driver, and no capability is known to need it`,
    remedies: () => [{ kind: "know", text: "NVIDIA_DRIVER_CAPABILITIES=all brings it" }],
  },
  DriverLibraryNeeded: {
    code: "GAN2134",
    exit: 1,
    says: (d) => `${d.path} needs ${d.needs}, which is not there`,
    remedies: () => [{ kind: "know", text: "reinstall the driver: a part of it is missing" }],
  },
  PlatformEntryMissing: {
    code: "GAN2135",
    exit: 1,
    says: (d) => `${d.list}:${d.line} names ${JSON.stringify(d.entry)}, which is not there`,
    remedies: () => [{ kind: "know", text: "nothing to do when the board lacks that part" }],
  },
  WindowsDriverAmbiguous: {
    code: "GAN2180",
    exit: 1,
    says: (d) =>
      `Windows has more than one driver, of which ${d.used} is given and not ${listSome(d.others, 3)}: ${whatTells[d.told]}`,
    remedies: () => [
      {
        kind: "know",
        text: "remove the drivers that are not used (in Windows: pnputil /enum-drivers, pnputil /delete-driver), then wsl --shutdown",
      },
    ],
  },
  PlatformUnserved: {
    code: "GAN2138",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: initialization error: nvml error: driver not loaded: ${d.host} is ${d.platform === "tegra" ? "a Tegra board, which mode csv alone serves" : "a Windows Subsystem for Linux, which native injection does not serve yet"}`,
    remedies: (d) => [
      {
        kind: "know",
        text:
          d.platform === "tegra"
            ? "use the runtime wrapper (docker run --runtime=nvidia) in mode auto or csv"
            : 'set gantry.mode = "shadow" in config.toml: NVIDIA\'s own tools do the work then',
      },
    ],
  },
  PlatformUnlisted: {
    code: "GAN2137",
    exit: 1,
    says: (d) => `mode csv: ${d.directory} ${d.what} (${d.host})`,
    remedies: () => [
      {
        kind: "know",
        text: "install the board's packages that bring the lists (nvidia-l4t-init), or set nvidia-container-runtime.modes.csv.mount-spec-path",
      },
    ],
  },
  PlatformEntryInvalid: {
    code: "GAN2136",
    exit: 1,
    says: (d) => `${d.list}:${d.line} is not an entry: ${d.problem}`,
    remedies: (d) => [
      {
        kind: "edit",
        file: d.list,
        change: `line ${d.line}: dev, dir, lib or sym, a comma, an absolute path`,
        why: "what stands there is given to no container",
      },
    ],
  },
}
