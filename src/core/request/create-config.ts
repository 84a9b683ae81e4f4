/** A Config of the keys that were written. */

import type { Config, GantryConfig } from "./config.ts"
import type { ConfigKey, ConfigValue } from "./config-keys.ts"
import type { Profile } from "./profile.ts"

export interface Written {
  readonly value: string | boolean | readonly string[]
  readonly line: number
}

export interface ParsedConfig {
  readonly config: Config
  readonly profile: Profile
}

export function createConfig(
  text: string,
  written: ReadonlyMap<ConfigKey, Written>,
  gantry: GantryConfig,
): Config {
  return {
    text,
    gantry,
    value: <K extends ConfigKey>(key: K) => written.get(key)?.value as ConfigValue<K> | undefined,
    evidence(key, byDefault) {
      const found = written.get(key)
      if (found === undefined) return { from: "config", key, value: byDefault, line: undefined }
      const value = typeof found.value === "object" ? JSON.stringify(found.value) : String(found.value)
      return { from: "config", key, value, line: found.line }
    },
  }
}
