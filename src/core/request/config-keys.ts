/**
 * Every key of config.toml that the reference knows, with its type, and Gantry's own. One line a key.
 * Source: api/config/v1 of NVIDIA Container Toolkit 1.20 (names and types); `gantry` is ours.
 */

export type KeyType = "string" | "boolean" | "strings"

export const configKeys = {
  "disable-require": "boolean",
  "swarm-resource": "string",
  "accept-nvidia-visible-devices-envvar-when-unprivileged": "boolean",
  "accept-nvidia-visible-devices-as-volume-mounts": "boolean",
  "supported-driver-capabilities": "string",
  "nvidia-container-cli.root": "string",
  "nvidia-container-cli.path": "string",
  "nvidia-container-cli.environment": "strings",
  "nvidia-container-cli.debug": "string",
  "nvidia-container-cli.ldcache": "string",
  "nvidia-container-cli.load-kmods": "boolean",
  "nvidia-container-cli.no-pivot": "boolean",
  "nvidia-container-cli.no-cgroups": "boolean",
  "nvidia-container-cli.user": "string",
  "nvidia-container-cli.ldconfig": "string",
  "nvidia-ctk.path": "string",
  "nvidia-container-runtime.debug": "string",
  "nvidia-container-runtime.log-level": "string",
  "nvidia-container-runtime.runtimes": "strings",
  "nvidia-container-runtime.mode": "string",
  "nvidia-container-runtime.modes.csv.mount-spec-path": "string",
  "nvidia-container-runtime.modes.csv.compat-container-root": "string",
  "nvidia-container-runtime.modes.cdi.spec-dirs": "strings",
  "nvidia-container-runtime.modes.cdi.default-kind": "string",
  "nvidia-container-runtime.modes.cdi.annotation-prefixes": "strings",
  "nvidia-container-runtime.modes.jit-cdi.nvcdi-feature-flags": "strings",
  "nvidia-container-runtime.modes.jit-cdi.nvcdi-disable-hooks": "strings",
  "nvidia-container-runtime.modes.legacy.cuda-compat-mode": "string",
  "nvidia-container-runtime-hook.path": "string",
  "nvidia-container-runtime-hook.skip-mode-detection": "boolean",
  "features.allow-cuda-compat-libs-from-container": "boolean",
  "features.allow-ldconfig-from-container": "boolean",
  "features.allow-unknown-oci-spec-fields": "boolean",
  "features.disable-cuda-compat-lib-hook": "boolean",
  "features.disable-imex-channel-creation": "boolean",
  "features.ignore-imex-channel-requests": "boolean",
  "features.no-additional-gids-for-device-nodes": "boolean",
  "gantry.mode": "string",
  "gantry.profile": "string",
  "gantry.injector": "string",
  "gantry.enforce": "boolean",
  "gantry.host": "string",
} as const satisfies Readonly<Record<string, KeyType>>

export type ConfigKey = keyof typeof configKeys

type ValueOf<T extends KeyType> = T extends "string"
  ? string
  : T extends "boolean"
    ? boolean
    : readonly string[]

/** The type of one key's value. */
export type ConfigValue<K extends ConfigKey> = ValueOf<(typeof configKeys)[K]>
