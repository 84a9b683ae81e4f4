/**
 * Faults of input and configuration (GAN1xxx): config.toml, OCI state, config.json, command lines, requests.
 * Where the reference prints a text that people search for, `says` begins with it.
 */

import type { Catalogue } from "./entry.ts"
import { errnoText } from "./errno.ts"
import { adviceLimit, know } from "./remedy.ts"

export interface InputFaults {
  /** A command line that names no known command, or a malformed or unknown flag. */
  UsageInvalid: { readonly program: string; readonly problem: string; readonly usage: string }
  /** The same on nvidia-container-cli's command line, whose texts and exit status are the reference's. */
  CliUsageInvalid: { readonly program: string; readonly sentence: string }
  /** nvidia-container-cli's `--user`: malformed, too large, or nobody. */
  CliUserInvalid: { readonly user: string; readonly errno: string }
  /** What `nvidia-container-cli configure` was told that cannot be meant. */
  CliConfigureInvalid: { readonly problem: keyof typeof configureProblems; readonly value: string }
  /** `nvidia-container-cli configure` needs more rights than its caller has. */
  CliPermissionDenied: Readonly<Record<string, never>>
  /** The command line of a CDI hook that is known, which engines take from a CDI specification. */
  CdiHookUsageInvalid: { readonly problem: string; readonly usage: string }
  /** A CDI hook that a newer specification may know: it is passed over. `name` is empty when none was named. */
  CdiHookUnknown: { readonly name: string }
  /** config.toml is not TOML. Units: line and column from 1. */
  ConfigSyntaxInvalid: { readonly line: number; readonly column: number; readonly problem: string }
  /** A known key of config.toml has a value of the wrong type, or one that is not allowed. */
  ConfigValueInvalid: {
    readonly key: string
    readonly line: number
    readonly expected: string
    readonly found: string
  }
  /** `ldconfig` names a program of the container, which runs as root. */
  LdconfigNotOnHost: { readonly value: string; readonly line: number }
  /** A JSON document that is none. Units: offset in characters from 0. */
  JsonInvalid: {
    readonly what: "container state" | "OCI spec"
    readonly offset: number
    readonly problem: string
  }
  /** A field that has another type than the specification gives it. */
  JsonTypeWrong: { readonly path: string; readonly found: string; readonly expected: string }
  /** config.json lacks a part without which nothing can be decided. */
  SpecPartMissing: { readonly part: "Version" | "Process" | "Root" }
  /** Standard output takes no more. */
  OutputUnwritable: { readonly errno: string }
  /** None of the low-level runtimes that the configuration names is installed. */
  RuntimeNotFound: { readonly candidates: readonly string[] }
  /** A part of config.json that is to be changed is there more than once. */
  SpecKeyRepeated: { readonly path: string }
  /** An entry of process.env without an equals sign. */
  EnvironmentEntryInvalid: { readonly entry: string }
  MigNeedsPrivilege: { readonly what: "CONFIG" | "MONITOR" }
  /** The configuration's own list of capabilities names one that does not exist, or is not written as the profile wants it. */
  SupportedCapabilitiesInvalid: { readonly value: string; readonly allowed: string }
  CapabilityUnknown: { readonly capability: string }
  CapabilitiesUnsupported: { readonly asked: string; readonly allowed: string }
  CudaVersionInvalid: { readonly version: string }
  /** The hook does not serve this mode; the runtime wrapper does. */
  ModeNotServed: { readonly mode: string }
  /** The configuration names a mode for the runtime wrapper that there is not. */
  RuntimeModeUnknown: { readonly mode: string }
  /** A CDI name whose vendor or class is one letter, on which the reference crashes. */
  CdiNameOneLetter: { readonly name: string }
  /** `relative`: a hit in the working directory, which is not taken. */
  ContainerCliNotFound: { readonly path: string; readonly relative: string | undefined }
  /** A NUL in an argument or variable for another program. */
  NulInArgument: { readonly text: string }
  /** A file or standard input that cannot be read. `errno` is the symbolic name. */
  InputUnreadable: {
    readonly what: "configuration file" | "container state" | "OCI spec" | "listing"
    readonly path: string
    readonly syscall: string
    readonly errno: string
    readonly problem: string
  }
  /** The state names no process whose container could be entered. */
  ContainerProcessMissing: { readonly pid: string }
  /** Neither the state nor the bundle says where a container's root lies, or it is no directory of its own. */
  ContainerRootInvalid: { readonly path: string; readonly problem: string }
  /** A hook was told a version of the host that is none. */
  HostVersionInvalid: { readonly which: "driver" | "CUDA"; readonly text: string }
  /** explain was asked about a decision that is not in the log. */
  DecisionUnknown: { readonly wanted: number; readonly kept: number }
}

const configureProblems = {
  root: {
    text: (value: string) => `input error: invalid rootfs directory: ${value}`,
    remedy: "name the container's root file system by its absolute path; the machine's own is none",
  },
  pidMalformed: {
    text: (value: string) => `input error: parse pid failed: invalid argument: ${value}`,
    remedy: "--pid is the number of the container's process; without it the caller's parent is meant",
  },
  pidTooLarge: {
    text: (value: string) => `input error: parse pid failed: numerical result out of range: ${value}`,
    remedy: "--pid is the number of the container's process; without it the caller's parent is meant",
  },
  requirements: {
    text: (value: string) => `input error: too many requirements: ${value}`,
    remedy: "32 may be given; alternatives go into one, with blanks between",
  },
  compatMode: {
    text: (value: string) => `container error: invalid option: cuda-compat-mode=${value}`,
    remedy: "--cuda-compat-mode is mount, ldconfig or disabled",
  },
  compatModes: {
    text: (value: string) =>
      `container error: only one cuda-compat-mode can be specified at a time: ${value}`,
    remedy: "say mount or ldconfig; both mean the same to Gantry",
  },
} as const

export const inputCatalogue: Catalogue<InputFaults> = {
  UsageInvalid: {
    code: "GAN1001",
    exit: 2,
    says: (d) => `${d.program}: ${d.problem}`,
    remedies: (d) =>
      know(d.usage.length < adviceLimit - 20 ? `usage: ${d.usage}` : `see ${d.program} --help`),
  },
  CliUsageInvalid: {
    code: "GAN1010",
    exit: 1,
    says: (d) => d.sentence,
    remedies: (d) => [
      { kind: "know", text: `try \`${d.program} --help' or \`${d.program} --usage' for more information` },
    ],
  },
  CliUserInvalid: {
    code: "GAN1011",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli: input error: parse user/group failed: ${errnoText(d.errno)}: ${d.user}`,
    remedies: () => [
      {
        kind: "know",
        text: "--user is UID[:GID], numbers or names of /etc/passwd and /etc/group; a number that is nobody's needs its GID",
      },
    ],
  },
  CliConfigureInvalid: {
    code: "GAN1012",
    exit: 1,
    says: (d) => `nvidia-container-cli: ${configureProblems[d.problem].text(d.value)}`,
    remedies: (d) => [{ kind: "know", text: configureProblems[d.problem].remedy }],
  },
  CliPermissionDenied: {
    code: "GAN1013",
    exit: 1,
    says: () =>
      "nvidia-container-cli: permission error: capability change failed: operation not permitted: configure needs CAP_SYS_ADMIN",
    remedies: () => [{ kind: "know", text: "run it as root; an engine's hooks are" }],
  },
  CdiHookUsageInvalid: {
    code: "GAN1002",
    exit: 1,
    says: (d) => d.problem,
    remedies: (d) => [{ kind: "know", text: `correct the hook in the CDI specification; usage: ${d.usage}` }],
  },
  CdiHookUnknown: {
    code: "GAN1003",
    exit: 1,
    says: (d) => (d.name === "" ? "No CDI hook is named" : `Unsupported CDI hook: ${d.name}`),
    remedies: () => [
      { kind: "know", text: "nothing is done; the CDI specification may be of a newer toolkit than this" },
    ],
  },
  ConfigSyntaxInvalid: {
    code: "GAN1100",
    exit: 1,
    says: (d) => `could not load config: line ${d.line}, column ${d.column}: ${d.problem}`,
    remedies: (d) => [{ kind: "know", text: `correct line ${d.line} of config.toml; it must be valid TOML` }],
  },
  ConfigValueInvalid: {
    code: "GAN1101",
    exit: 1,
    says: (d) => `could not load config: line ${d.line}: ${d.key} is ${d.found}, not ${d.expected}`,
    remedies: (d) => [{ kind: "know", text: `give ${d.key} ${d.expected}, or take the line out` }],
  },
  LdconfigNotOnHost: {
    code: "GAN1102",
    exit: 1,
    says: (d) =>
      `nvidia-container-cli.ldconfig value ${JSON.stringify(d.value)} is not host-relative (does not start with a '@'), line ${d.line}`,
    remedies: () => [
      {
        kind: "know",
        text: 'write ldconfig = "@/sbin/ldconfig", or set features.allow-ldconfig-from-container = true',
      },
    ],
  },
  JsonInvalid: {
    code: "GAN1200",
    exit: 1,
    says: (d) => `could not decode ${d.what}: ${d.problem} at offset ${d.offset}`,
    remedies: (d) => [
      {
        kind: "know",
        text: `the engine must hand over valid JSON; ${d.what === "OCI spec" ? "look at config.json in the bundle" : "look at what is on standard input"}`,
      },
    ],
  },
  JsonTypeWrong: {
    code: "GAN1201",
    exit: 1,
    says: (d) => `could not decode OCI spec or state: ${d.path} is ${d.found}, not ${d.expected}`,
    remedies: (d) => [
      { kind: "know", text: `the engine must write ${d.path} as the OCI runtime specification says` },
    ],
  },
  SpecPartMissing: {
    code: "GAN1202",
    exit: 1,
    says: (d) => `${d.part} is empty in OCI spec`,
    remedies: (d) => [
      {
        kind: "know",
        text: `config.json needs ${{ Version: "ociVersion", Process: "process", Root: "root" }[d.part]}`,
      },
    ],
  },
  OutputUnwritable: {
    code: "GAN1004",
    exit: 1,
    says: (d) => `standard output cannot be written: ${errnoText(d.errno)}`,
    remedies: () => [
      {
        kind: "know",
        text: "make room where the output goes, and run it again; what changes a file has changed it by then: look at the file first",
      },
    ],
  },
  RuntimeNotFound: {
    code: "GAN1120",
    exit: 1,
    says: (d) =>
      `failed to create NVIDIA Container Runtime: error locating runtime: no runtime binary found from candidate list: [${d.candidates.join(" ")}]`,
    remedies: () => [
      {
        kind: "know",
        text: "install runc or crun, or name it in nvidia-container-runtime.runtimes of config.toml",
      },
    ],
  },
  SpecKeyRepeated: {
    code: "GAN1203",
    exit: 1,
    says: (d) => `config.json has ${d.path} more than once, and nobody can say which of them counts`,
    remedies: () => [
      { kind: "know", text: "the engine or the tool that wrote config.json must write it once" },
    ],
  },
  EnvironmentEntryInvalid: {
    code: "GAN1210",
    exit: 1,
    says: (d) => `invalid environment variable: ${d.entry}`,
    remedies: () => [{ kind: "know", text: "every entry of process.env in config.json must be NAME=VALUE" }],
  },
  MigNeedsPrivilege: {
    code: "GAN1211",
    exit: 1,
    says: (d) => `cannot set MIG_${d.what}_DEVICES in non privileged container`,
    remedies: (d) => [
      {
        kind: "know",
        text: `run the container privileged, or take NVIDIA_MIG_${d.what}_DEVICES out of its environment`,
      },
    ],
  },
  SupportedCapabilitiesInvalid: {
    code: "GAN1212",
    exit: 1,
    says: (d) =>
      `Invalid value for config option 'supported-driver-capabilities'; ${d.value} (supported: ${d.allowed})`,
    remedies: () => [{ kind: "know", text: 'write a comma list of the supported ones, or "all"' }],
  },
  CapabilityUnknown: {
    code: "GAN1213",
    exit: 1,
    says: (d) => `unknown driver capability: ${d.capability}`,
    remedies: () => [
      {
        kind: "know",
        text: "NVIDIA_DRIVER_CAPABILITIES takes compute, compat32, graphics, utility, video, display, ngx or all",
      },
    ],
  },
  CapabilitiesUnsupported: {
    code: "GAN1214",
    exit: 1,
    says: (d) => `unsupported capabilities found in '${d.asked}' (allowed '${d.allowed}')`,
    remedies: () => [
      {
        kind: "know",
        text: "correct NVIDIA_DRIVER_CAPABILITIES of the container, or add the missing ones to supported-driver-capabilities in config.toml",
      },
    ],
  },
  CudaVersionInvalid: {
    code: "GAN1215",
    exit: 1,
    says: (d) => `failed to get requirements: invalid CUDA version ${d.version}: invalid version string`,
    remedies: () => [
      {
        kind: "know",
        text: "give the image a CUDA_VERSION like 12.4.1, or set NVIDIA_REQUIRE_CUDA, which is looked at instead",
      },
    ],
  },
  ModeNotServed: {
    code: "GAN1216",
    exit: 1,
    says: (d) =>
      `invoking the NVIDIA Container Runtime Hook directly (e.g. specifying the docker --gpus flag) is not supported in mode '${d.mode}'`,
    remedies: () => [
      {
        kind: "know",
        text: "use the runtime (docker run --runtime=nvidia), or set nvidia-container-runtime.mode to legacy",
      },
    ],
  },
  RuntimeModeUnknown: {
    code: "GAN1218",
    exit: 1,
    says: (d) =>
      `failed to create NVIDIA Container Runtime: failed to construct OCI spec modifier: invalid mode ${JSON.stringify(d.mode)}`,
    remedies: () => [
      {
        kind: "know",
        text: "set nvidia-container-runtime.mode in config.toml to auto, cdi, csv, jit-cdi or legacy, or take the line out",
      },
    ],
  },
  CdiNameOneLetter: {
    code: "GAN1217",
    exit: 1,
    says: (d) => `device name ${JSON.stringify(d.name)} has a vendor or class of one letter`,
    remedies: () => [
      { kind: "know", text: "a CDI name is vendor/class=name, vendor and class of two letters or more" },
    ],
  },
  ContainerCliNotFound: {
    code: "GAN1220",
    exit: 1,
    says: (d) =>
      `couldn't find binary nvidia-container-cli in PATH: ${d.relative === undefined ? `looked in ${d.path}` : `${d.relative} lies relative to the working directory`}`,
    remedies: () => [
      {
        kind: "know",
        text: 'install it, name it in nvidia-container-cli.path of config.toml, or let Gantry inject (gantry.injector = "native")',
      },
    ],
  },
  NulInArgument: {
    code: "GAN1221",
    exit: 1,
    says: (d) => `exec failed: invalid argument: a NUL character in ${JSON.stringify(d.text)}`,
    remedies: () => [
      { kind: "know", text: "take the NUL out of config.toml or of the container's environment" },
    ],
  },
  InputUnreadable: {
    code: "GAN1230",
    exit: 1,
    says: (d) =>
      d.what === "configuration file"
        ? `couldn't open required configuration file: ${d.syscall} ${d.path}: ${d.problem}`
        : `could not ${d.what === "OCI spec" ? "open" : "decode"} ${d.what}: ${d.syscall} ${d.path}: ${d.problem}`,
    remedies: (d) => [
      {
        kind: "know",
        text:
          d.what === "container state"
            ? "the hook is started by a container engine, which writes the container's state to it"
            : `put a readable regular file of at most 8 MiB at ${d.path}`,
      },
    ],
  },
  ContainerProcessMissing: {
    code: "GAN1231",
    exit: 1,
    says: (d) => `could not decode container state: pid ${d.pid} is not a container process`,
    remedies: () => [
      { kind: "know", text: "the engine must write the pid of the created container to standard input" },
    ],
  },
  ContainerRootInvalid: {
    code: "GAN1232",
    exit: 1,
    says: (d) => `failed to determine container root: ${JSON.stringify(d.path)} ${d.problem}`,
    remedies: () => [
      {
        kind: "know",
        text: "the engine must name the bundle by its absolute path in the state, and the container's own directory in root.path of config.json",
      },
    ],
  },
  HostVersionInvalid: {
    code: "GAN1233",
    exit: 1,
    says: (d) =>
      `failed to parse host ${d.which} version ${JSON.stringify(d.text)}: invalid semantic version`,
    remedies: () => [
      {
        kind: "know",
        text: "generate the CDI specification anew; it must name versions like 550.54.14 and 12.4",
      },
    ],
  },
  DecisionUnknown: {
    code: "GAN1400",
    exit: 1,
    says: (d) =>
      d.kept === 0 ? "no decision has been logged" : `no decision number ${d.wanted}: the log has ${d.kept}`,
    remedies: () => [
      {
        kind: "know",
        text: "native injection logs each GPU container since boot; ask about a bundle with --bundle DIR",
      },
    ],
  },
}
