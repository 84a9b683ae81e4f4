/**
 * config.toml text to Config, in the manner of a profile: which keys are known, how their names may be written, and where a
 * wrong type is a fault. Unknown keys are ignored, always.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { parseToml } from "../toml/parse-toml.ts"
import { placeOf } from "../toml/toml-text.ts"
import type { TomlTable, TomlValue } from "../toml/toml-value.ts"
import type { GantryConfig } from "./config.ts"
import { type ConfigKey, configKeys, type KeyType } from "./config-keys.ts"
import { createConfig, type ParsedConfig, type Written } from "./create-config.ts"
import { type Profile, type ProfileName, profileNames, profiles } from "./profile.ts"

const expectations: Readonly<Record<KeyType, string>> = {
  string: "a string",
  boolean: "true or false",
  strings: "a list of strings",
}

/**
 * `asked` is the profile of the command line, which wins over the file's own `[gantry] profile`.
 * Faults: ConfigSyntaxInvalid, ConfigValueInvalid.
 */
export function parseConfig(text: string, asked: ProfileName | undefined): Result<ParsedConfig> {
  const parsed = parseToml(text)
  if (!parsed.ok) return parsed
  const written = new Map<ConfigKey, Written>()

  // Gantry's own table first: it may choose the profile by which the rest is read.
  const own = readKeys(text, parsed.value, profiles["1.20"], isOwn, written)
  if (!own.ok) return own
  const gantry = checkGantry(written)
  if (!gantry.ok) return gantry
  const profile = profiles[asked ?? gantry.value.profile ?? "1.20"]
  const rest = readKeys(text, parsed.value, profile, (key) => !isOwn(key), written)
  if (!rest.ok) return rest

  const ldconfig = checkLdconfig(written, profile)
  if (ldconfig !== undefined) return ldconfig
  return ok({ config: createConfig(text, written, gantry.value), profile })
}

/** One key's value, whatever else the file says: who reads no more is not failed for it. undefined: absent. Faults: as of parseConfig. */
export function parseConfigKey(text: string, key: ConfigKey): Result<Written["value"] | undefined> {
  const parsed = parseToml(text)
  if (!parsed.ok) return parsed
  const written = new Map<ConfigKey, Written>()
  const read = readKeys(text, parsed.value, profiles["1.20"], (one) => one === key, written)
  return read.ok ? ok(written.get(key)?.value) : read
}

const isOwn = (key: ConfigKey): boolean => key.startsWith("gantry.")

function readKeys(
  text: string,
  root: TomlTable,
  profile: Profile,
  wanted: (key: ConfigKey) => boolean,
  into: Map<ConfigKey, Written>,
): Result<true> {
  for (const key of Object.keys(configKeys) as ConfigKey[]) {
    if (!wanted(key)) continue
    const path = key.split(".")
    const name = path.pop() ?? ""
    let table: TomlTable | undefined = root
    let tablePath = ""
    for (const part of path) {
      const next: TomlValue | undefined = findEntry(table, part, profile)
      tablePath = tablePath === "" ? part : `${tablePath}.${part}`
      if (next !== undefined && next.kind !== "table" && isTyped(tablePath, profile))
        return wrongType(text, tablePath, next, "a table")
      table = next?.kind === "table" ? next : undefined
      if (table === undefined) break
    }
    if (table === undefined) continue
    const found = findEntry(table, name, profile)
    if (found === undefined) continue
    const value = typedValue(found, configKeys[key])
    if (value !== undefined) into.set(key, { value, line: placeOf(text, found.at).line })
    else if (isTyped(tablePath, profile) && !profile.config.unknownKeys.includes(key))
      return wrongType(text, key, found, expectations[configKeys[key]])
  }
  return ok(true)
}

const isTyped = (tablePath: string, profile: Profile): boolean =>
  tablePath === "gantry" || profile.config.typedTables.includes(tablePath)

function findEntry(table: TomlTable, name: string, profile: Profile): TomlValue | undefined {
  const exact = table.entries.get(name)
  if (exact !== undefined) return exact
  if (profile.config.keyMatch === "asWrittenOrUpper") return table.entries.get(name.toUpperCase())
  for (const [written, value] of table.entries) if (written.toLowerCase() === name) return value
  return undefined
}

function typedValue(value: TomlValue, type: KeyType): Written["value"] | undefined {
  if (type === "string") return value.kind === "string" ? value.value : undefined
  if (type === "boolean") return value.kind === "boolean" ? value.value : undefined
  if (value.kind !== "array") return undefined
  const items: string[] = []
  for (const item of value.items) {
    if (item.kind !== "string") return undefined
    items.push(item.value)
  }
  return items
}

function wrongType(text: string, key: string, found: TomlValue, expected: string): Result<never> {
  const kinds = { datetime: "a date or time", integer: "an integer", array: "a list" } as const
  const shown = found.kind in kinds ? kinds[found.kind as keyof typeof kinds] : `a ${found.kind}`
  return fail(
    fault("ConfigValueInvalid", { key, line: placeOf(text, found.at).line, expected, found: shown }),
  )
}

function checkGantry(written: ReadonlyMap<ConfigKey, Written>): Result<GantryConfig> {
  const choose = <T extends string>(key: ConfigKey, allowed: readonly T[]): Result<T | undefined> => {
    const found = written.get(key)
    const choice = allowed.find((one) => one === found?.value)
    if (found === undefined || choice !== undefined) return ok(choice)
    const expected = `one of ${allowed.map((one) => JSON.stringify(one)).join(", ")}`
    return fail(
      fault("ConfigValueInvalid", { key, line: found.line, expected, found: JSON.stringify(found.value) }),
    )
  }
  const mode = choose("gantry.mode", ["active", "shadow", "off"])
  if (!mode.ok) return mode
  const profile = choose("gantry.profile", profileNames)
  if (!profile.ok) return profile
  const injector = choose("gantry.injector", ["native", "delegate"])
  if (!injector.ok) return injector
  const host = written.get("gantry.host")?.value
  return ok({
    mode: mode.value ?? "active",
    profile: profile.value,
    injector: injector.value,
    enforce: written.get("gantry.enforce")?.value === true,
    host: typeof host === "string" && host !== "" ? host : undefined,
  })
}

/** The reference refuses an ldconfig of the container since CVE-2024-0136, unless a feature allows it. */
function checkLdconfig(
  written: ReadonlyMap<ConfigKey, Written>,
  profile: Profile,
): Result<never> | undefined {
  const ldconfig = written.get("nvidia-container-cli.ldconfig")
  if (!profile.config.ldconfigMustBeOnHost || ldconfig === undefined) return undefined
  if (written.get("features.allow-ldconfig-from-container")?.value === true) return undefined
  if (typeof ldconfig.value === "string" && ldconfig.value.startsWith("@")) return undefined
  return fail(fault("LdconfigNotOnHost", { value: String(ldconfig.value), line: ldconfig.line }))
}
