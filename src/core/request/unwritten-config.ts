/** A config.toml in which nothing stands, as on most machines: what it comes to, without what parses TOML. */

import { createConfig, type ParsedConfig } from "./create-config.ts"
import { type ProfileName, profiles } from "./profile.ts"

/** undefined: something stands there. Comments that not every parser takes for comments are something. */
export function unwrittenConfig(text: string, asked: ProfileName | undefined): ParsedConfig | undefined {
  if (!text.split("\n").every((line) => /^[\t ]*(?:#[\t -~]*)?$/.test(line))) return undefined
  const gantry = {
    mode: "active",
    profile: undefined,
    injector: undefined,
    enforce: false,
    host: undefined,
  } as const
  return { config: createConfig(text, new Map(), gantry), profile: profiles[asked ?? "1.20"] }
}
