/**
 * config.toml as decided values: every key that the reference knows (facts of NVIDIA Container Toolkit 1.20), and Gantry's
 * own `[gantry]` table. Unset and empty are different things here; what they mean is the profile's affair.
 */

import type { ProfileName } from "./profile.ts"

/** Where a value was written. Units: lines and columns from 1. */
export interface ConfigPlace {
  readonly line: number
  readonly column: number
}

/** undefined: the key is not in the file. */
type Unset<T> = T | undefined

export interface ContainerCliConfig {
  readonly root: Unset<string>
  readonly path: Unset<string>
  readonly debug: Unset<string>
  readonly ldcache: Unset<string>
  readonly environment: Unset<readonly string[]>
  readonly loadKmods: Unset<boolean>
  readonly noCgroups: Unset<boolean>
  readonly noPivot: Unset<boolean>
  readonly user: Unset<string>
  readonly ldconfig: Unset<string>
}

export interface FeaturesConfig {
  readonly allowCudaCompatLibsFromContainer: Unset<boolean>
  readonly allowLdconfigFromContainer: Unset<boolean>
  readonly allowUnknownOciSpecFields: Unset<boolean>
  readonly disableCudaCompatLibHook: Unset<boolean>
  readonly disableImexChannelCreation: Unset<boolean>
  readonly ignoreImexChannelRequests: Unset<boolean>
  readonly noAdditionalGidsForDeviceNodes: Unset<boolean>
}

export interface RuntimeConfig {
  readonly debug: Unset<string>
  readonly logLevel: Unset<string>
  readonly runtimes: Unset<readonly string[]>
  readonly mode: Unset<string>
  readonly csvMountSpecPath: Unset<string>
  readonly csvCompatContainerRoot: Unset<string>
  readonly cdiSpecDirs: Unset<readonly string[]>
  readonly cdiDefaultKind: Unset<string>
  readonly cdiAnnotationPrefixes: Unset<readonly string[]>
  readonly jitCdiFeatureFlags: Unset<readonly string[]>
  readonly jitCdiDisableHooks: Unset<readonly string[]>
  readonly legacyCudaCompatMode: Unset<string>
}

export interface GantryConfig {
  readonly mode: "active" | "shadow" | "off"
  readonly profile: Unset<ProfileName>
  readonly injector: Unset<"native" | "delegate">
  readonly enforce: boolean
  /** `live`, a simulated machine's directory, or a recording's file. */
  readonly host: Unset<string>
}

export interface Config {
  readonly disableRequire: Unset<boolean>
  readonly swarmResource: Unset<string>
  readonly acceptEnvvarWhenUnprivileged: Unset<boolean>
  readonly acceptDevicesAsVolumeMounts: Unset<boolean>
  readonly supportedDriverCapabilities: Unset<string>
  readonly containerCli: ContainerCliConfig
  readonly ctkPath: Unset<string>
  readonly runtime: RuntimeConfig
  readonly hookPath: Unset<string>
  readonly skipModeDetection: Unset<boolean>
  readonly features: FeaturesConfig
  readonly gantry: GantryConfig
}
