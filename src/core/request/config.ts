/**
 * config.toml as values: what the file says, key by key, and where it says it. Unset and empty are different things here;
 * what they mean is the profile's affair.
 */

import type { ConfigKey, ConfigValue } from "./config-keys.ts"
import type { ProfileName } from "./profile.ts"
import type { Evidence } from "./reason.ts"

export interface GantryConfig {
  readonly mode: "active" | "shadow" | "off"
  /** undefined: not chosen in the file. */
  readonly profile: ProfileName | undefined
  readonly injector: "native" | "delegate" | undefined
  readonly enforce: boolean
  /** `live`, a simulated machine's directory, or a recording's file; undefined means live. */
  readonly host: string | undefined
}

export interface Config {
  /** The file's value for a key, or undefined when the file does not have the key. */
  value<K extends ConfigKey>(key: K): ConfigValue<K> | undefined
  /** The key as evidence for a reason: its text and its line, or that it is the default. */
  evidence(key: ConfigKey, byDefault: string): Evidence
  readonly gantry: GantryConfig
  /** The file as it was read. */
  readonly text: string
}
