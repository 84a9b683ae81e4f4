/**
 * The meaning of a request, by release. A profile is data: one code path reads its traits, and each is held to its vectors.
 * Source: recorded behaviour of NVIDIA's hook 1.2.1, 1.13.5 and 1.20 (tests/vectors/hook).
 */

import type { DriverCapability } from "../driver/capability.ts"

/** What an image can ask for beside GPUs, each by a variable. */
export type Companion = "gds" | "mofed" | "gdrcopy" | "nvswitch"

export type ProfileName = "2020-07" | "1.13" | "1.20"

export interface Profile {
  readonly name: ProfileName
  readonly config: {
    /** Tables whose known keys must have the right type; "" is the top level. */
    readonly typedTables: readonly string[]
    /** Keys that came later: not known, so of any type. */
    readonly unknownKeys: readonly string[]
    /** How a written key is compared with a known one. */
    readonly keyMatch: "anyCase" | "asWrittenOrUpper"
    /** Must `ldconfig` begin with `@` (unless a feature allows otherwise)? */
    readonly ldconfigMustBeOnHost: boolean
    /** Directories below which etc/nvidia-container-runtime/config.toml is looked for when no file is named. */
    readonly search: "driverRootThenEtc" | "environmentThenEtc"
  }
  readonly devices: {
    /** `raw`: the value is passed on as it is; `list`: split at commas, trimmed, empty items dropped. */
    readonly value: "raw" | "list"
    readonly swarmResource: "oneName" | "nameList"
    readonly honoursPrivilege: boolean
    readonly volumeMounts: "no" | "everyMount" | "oncePerDestination"
  }
  readonly capabilities: {
    readonly byDefault: readonly DriverCapability[]
    readonly parsing: "untilEmpty" | "strictSubset" | "set"
    readonly supportedIsChecked: boolean
  }
  readonly requirements: {
    readonly cudaVersion: "scanned" | "semver" | "coerced"
    readonly judgedWhenDisabled: boolean
    readonly dropsJetpack: boolean
  }
  readonly modeCheck: "none" | "first" | "gpuContainersOnly"
  readonly hasImex: boolean
  /** What can be asked for beside GPUs. */
  readonly companions: readonly Companion[]
  readonly commandLine: {
    /** Is an option set to "" still a flag (`--root=`)? */
    readonly emptyOptionIsFlag: boolean
    readonly ldconfig: "asWritten" | "normalised"
    readonly hasCudaCompatMode: boolean
    /** `path = ""`: executed as it is, or searched like an unset one. */
    readonly emptyPath: "executed" | "searched"
    /** Is `root:video` the default user on SUSE? */
    readonly knowsSuse: boolean
  }
  /** ociVersions that mean "capabilities are a list": strict semver, or with missing parts and a leading v. */
  readonly ociVersion: "strict" | "coerced"
  readonly hasVersionFlag: boolean
}

const allTables = [
  "",
  "nvidia-container-cli",
  "nvidia-ctk",
  "nvidia-container-runtime",
  "nvidia-container-runtime.modes",
  "nvidia-container-runtime.modes.csv",
  "nvidia-container-runtime.modes.cdi",
  "nvidia-container-runtime.modes.jit-cdi",
  "nvidia-container-runtime.modes.legacy",
  "nvidia-container-runtime-hook",
  "features",
] as const

export const profiles: { readonly [N in ProfileName]: Profile } = {
  "2020-07": {
    name: "2020-07",
    config: {
      typedTables: ["", "nvidia-container-cli"],
      unknownKeys: [
        "accept-nvidia-visible-devices-envvar-when-unprivileged",
        "accept-nvidia-visible-devices-as-volume-mounts",
        "supported-driver-capabilities",
      ],
      keyMatch: "anyCase",
      ldconfigMustBeOnHost: false,
      search: "driverRootThenEtc",
    },
    devices: { value: "raw", swarmResource: "oneName", honoursPrivilege: false, volumeMounts: "no" },
    capabilities: { byDefault: ["utility"], parsing: "untilEmpty", supportedIsChecked: false },
    requirements: { cudaVersion: "scanned", judgedWhenDisabled: true, dropsJetpack: false },
    modeCheck: "none",
    hasImex: false,
    companions: [],
    commandLine: {
      emptyOptionIsFlag: true,
      ldconfig: "asWritten",
      hasCudaCompatMode: false,
      emptyPath: "executed",
      knowsSuse: false,
    },
    ociVersion: "strict",
    hasVersionFlag: false,
  },
  "1.13": {
    name: "1.13",
    config: {
      typedTables: [
        "",
        "nvidia-container-cli",
        "nvidia-container-runtime",
        "nvidia-container-runtime.modes",
        "nvidia-container-runtime.modes.csv",
        "nvidia-container-runtime.modes.cdi",
        "nvidia-container-runtime-hook",
      ],
      unknownKeys: ["nvidia-container-runtime.modes.csv.compat-container-root"],
      keyMatch: "anyCase",
      ldconfigMustBeOnHost: false,
      search: "driverRootThenEtc",
    },
    devices: { value: "list", swarmResource: "nameList", honoursPrivilege: true, volumeMounts: "everyMount" },
    capabilities: { byDefault: ["utility", "compute"], parsing: "strictSubset", supportedIsChecked: true },
    requirements: { cudaVersion: "semver", judgedWhenDisabled: true, dropsJetpack: true },
    modeCheck: "first",
    hasImex: false,
    companions: ["gds", "mofed"],
    commandLine: {
      emptyOptionIsFlag: true,
      ldconfig: "asWritten",
      hasCudaCompatMode: false,
      emptyPath: "executed",
      knowsSuse: false,
    },
    ociVersion: "strict",
    hasVersionFlag: true,
  },
  "1.20": {
    name: "1.20",
    config: {
      typedTables: allTables,
      unknownKeys: [],
      keyMatch: "asWrittenOrUpper",
      ldconfigMustBeOnHost: true,
      search: "environmentThenEtc",
    },
    devices: {
      value: "list",
      swarmResource: "nameList",
      honoursPrivilege: true,
      volumeMounts: "oncePerDestination",
    },
    capabilities: { byDefault: ["compute", "utility"], parsing: "set", supportedIsChecked: true },
    requirements: { cudaVersion: "coerced", judgedWhenDisabled: false, dropsJetpack: true },
    modeCheck: "gpuContainersOnly",
    hasImex: true,
    companions: ["gds", "mofed", "gdrcopy", "nvswitch"],
    commandLine: {
      emptyOptionIsFlag: false,
      ldconfig: "normalised",
      hasCudaCompatMode: true,
      emptyPath: "searched",
      knowsSuse: true,
    },
    ociVersion: "coerced",
    hasVersionFlag: true,
  },
}

export const profileNames: readonly ProfileName[] = ["2020-07", "1.13", "1.20"]

export const isProfileName = (text: string): text is ProfileName =>
  (profileNames as readonly string[]).includes(text)
