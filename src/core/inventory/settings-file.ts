/** Configuration files of other programs, as far as one setting or another is wanted of them: JSON, or TOML in several files. */

import type { HostFiles } from "../host/host.ts"
import { expandGlob, type GlobBudget, matchAnyName } from "../ldcache/glob.ts"
import { createWalkBudget } from "../ldcache/walk-budget.ts"
import { type JsonValue, parseJson } from "../oci/json.ts"
import { hostPath } from "../text/brand.ts"
import { joinPath, parentPath } from "../text/path.ts"
import { decodeUtf8 } from "../text/utf8.ts"
import { parseToml } from "../toml/parse-toml.ts"
import type { TomlTable, TomlValue } from "../toml/toml-value.ts"

export interface SettingsFile {
  readonly path: string
  /** It says something there, whatever it is. */
  has(...keys: readonly SettingKey[]): boolean
  /** undefined: it does not say, or says something else. */
  flag(...keys: readonly SettingKey[]): boolean | undefined
  /** undefined: it does not say, or says something else. */
  list(...keys: readonly SettingKey[]): SettingsList | undefined
}

/** A setting; or what somebody has named, as a plugin, which is one name in one case only. */
export type SettingKey = string | { readonly name: string }

/**
 * In which cases a program's reader of TOML knows a setting: `any`, or, of older ones, as it is called and in capitals. Source:
 * github.com/BurntSushi/toml 1.6.0 and github.com/pelletier/go-toml/v2 2.2.4 for the former, go-toml 1.9.5 for the latter, as they run.
 */
export type KeyCase = "any" | "ownOrCapitals"

interface TomlReader {
  readonly keyCase: KeyCase
  /** The setting by which a file names more, which are read behind it. */
  readonly imports?: string
}

export interface SettingsList {
  /** What in it is no text, or an empty one, names nothing. */
  readonly texts: readonly string[]
  /** Of `{append = true}` in it: whether it adds to what other files say. undefined: it does not say. */
  readonly isAppending: boolean | undefined
}

/** More than anybody has beside each other, or names in one of them. */
const fileLimit = 64
/** Units: bytes. */
const sizeLimit = 1024 * 1024
/** Directories that are read for all patterns together. */
const globBudget = 64

/** Editors of other systems begin a file with it; Docker passes over it. */
const byteOrderMark = /^\ufeff/

/** One that is not there says nothing. undefined: it cannot be read, or is no JSON object. A key in another case keeps Docker from starting. */
export function readJsonSettings(host: HostFiles, path: string): SettingsFile | undefined {
  const text = readSettings(host, path)?.replace(byteOrderMark, "")
  if (text === undefined) return undefined
  if (text.trim() === "") return settingsOf(path, () => undefined)
  const parsed = parseJson(text)
  if (!parsed.ok || parsed.value.kind !== "object") return undefined
  const { value } = parsed
  return settingsOf(path, (keys) => {
    let at: JsonValue | undefined = value
    for (const key of keys)
      at = at?.kind === "object" ? at.members.findLast((member) => member.key === key)?.value : undefined
    if (at?.kind === "boolean") return at.value === true
    return at?.kind === "array"
      ? listOf(at.items.map((item) => (item.kind === "string" ? item.value : "")))
      : at && "other"
  })
}

/**
 * Files by patterns, those that are there; a pattern that ends in double stars means all below a directory. Directories are passed over, and
 * names with a leading dot are names as others. Order: as they are read; the last has the say. undefined: one of them cannot be read, or is
 * no TOML.
 * Source: CRI-O 1.36.3, podman 5.8.2 and containerd 2.4.2 as they run; Go's path/filepath, Glob.
 */
export function readTomlSettings(
  host: HostFiles,
  patterns: readonly string[],
  { keyCase, imports }: TomlReader,
): readonly SettingsFile[] | undefined {
  const files: SettingsFile[] = []
  const known = new Set<string>()
  const queue = [...patterns]
  const budget = { directories: globBudget, walk: createWalkBudget() }
  for (let pattern = queue.shift(); pattern !== undefined; pattern = queue.shift())
    for (const path of patterns.includes(pattern)
      ? expand(host, pattern, budget)
      : matching(host, pattern, budget)) {
      if (known.has(path) || known.size === fileLimit || !host.exists(hostPath(path))) continue
      if (isDirectory(host, path)) continue
      known.add(path)
      const file = readToml(host, path, keyCase)
      if (file === undefined) return undefined
      files.push(file)
      const more = imports === undefined ? [] : (file.list(imports)?.texts ?? [])
      queue.push(
        ...more
          .slice(0, fileLimit)
          .map((one) => (one.startsWith("/") ? one : joinPath(parentPath(path), one))),
      )
    }
  return files
}

const isDirectory = (host: HostFiles, path: string): boolean => {
  const stat = host.lstat(hostPath(path))
  return stat.ok && stat.value.kind === "directory"
}

const allBelow = "/**"

const expand = (host: HostFiles, pattern: string, budget: GlobBudget): readonly string[] =>
  pattern.endsWith(allBelow)
    ? filesBelow(host, pattern.slice(0, -allBelow.length), budget)
    : matching(host, pattern, budget)

/** To Go's programs double stars are as one. */
const matching = (host: HostFiles, pattern: string, budget: GlobBudget): readonly string[] =>
  expandGlob({ readDir: (path) => host.readDir(hostPath(path)) }, pattern, budget, matchAnyName)

/** Order: by name, what lies in a directory in that one's place. */
function filesBelow(host: HostFiles, directory: string, budget: GlobBudget): readonly string[] {
  if (budget.directories-- <= 0) return []
  const names = host.readDir(hostPath(directory))
  if (!names.ok) return []
  return names.value.slice(0, fileLimit).flatMap((name) => {
    const path = joinPath(directory, name)
    return isDirectory(host, path) ? filesBelow(host, path, budget) : [path]
  })
}

function readToml(host: HostFiles, path: string, keyCase: KeyCase): SettingsFile | undefined {
  const text = readSettings(host, path)
  const parsed = text === undefined ? undefined : parseToml(text)
  if (parsed?.ok !== true) return undefined
  const { value } = parsed
  return settingsOf(path, (keys) => {
    let found: readonly TomlValue[] = [value]
    for (const key of keys)
      found = found.flatMap((one) => (one.kind === "table" ? under(one, key, keyCase) : []))
    const at = found.at(-1)
    if (at?.kind === "boolean") return at.value
    if (at?.kind !== "array") return at && "other"
    const texts = at.items.map((item) => (item.kind === "string" ? item.value : ""))
    const append = at.items
      .map((item) => (item.kind === "table" ? item.entries.get("append") : undefined))
      .findLast((item) => item?.kind === "boolean")
    return listOf(texts, append?.value)
  })
}

/** Order: as it is called comes last, which is what counts to the reader of containerd 2. To that of Podman and CRI-O chance decides. */
function under({ entries }: TomlTable, key: SettingKey, keyCase: KeyCase): readonly TomlValue[] {
  const name = typeof key === "string" ? key : key.name
  const exact = entries.get(name)
  const own = exact === undefined ? [] : [exact]
  if (typeof key !== "string") return own
  const isOther = (written: string): boolean =>
    written !== name &&
    (keyCase === "any" ? written.toLowerCase() === name.toLowerCase() : written === name.toUpperCase())
  return [...[...entries].flatMap(([written, value]) => (isOther(written) ? [value] : [])), ...own]
}

const listOf = (items: readonly string[], isAppending?: boolean): SettingsList => ({
  texts: items.filter((item) => item !== ""),
  isAppending,
})

/** Empty: it is not there. undefined: it cannot be read. */
function readSettings(host: HostFiles, path: string): string | undefined {
  const bytes = host.readFile(hostPath(path), { offsetBytes: 0, lengthBytes: sizeLimit + 1 })
  if (bytes.ok) return bytes.value.length > sizeLimit ? undefined : decodeUtf8(bytes.value)
  return bytes.fault.tag === "HostReadFailed" && bytes.fault.data.reason === "absent" ? "" : undefined
}

function settingsOf(
  path: string,
  find: (keys: readonly SettingKey[]) => boolean | SettingsList | "other" | undefined,
): SettingsFile {
  return {
    path,
    has: (...keys) => find(keys) !== undefined,
    flag(...keys) {
      const value = find(keys)
      return typeof value === "boolean" ? value : undefined
    },
    list(...keys) {
      const value = find(keys)
      return typeof value === "object" ? value : undefined
    },
  }
}
