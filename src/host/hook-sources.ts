/**
 * Where the hook's texts come from: which configuration file counts in which profile, and the bundle's config.json.
 * Source: facts of the releases. Before 1.18 the driver root's configuration came first and no variable was known.
 */

import { ok, type Result } from "../core/fault/result.ts"
import type { Sources } from "../core/plan/decide.ts"
import type { ParsedConfig } from "../core/request/create-config.ts"
import { type ProfileName, profiles } from "../core/request/profile.ts"
import { joinPath } from "../core/text/path.ts"
import { readText } from "./files/read-text.ts"
import { isTegraHost } from "./is-tegra-host.ts"

const configName = "nvidia-container-runtime/config.toml"

export interface ConfigSurroundings {
  readonly configPath: string | undefined
  readonly profile: ProfileName | undefined
  /** A variable of the hook's own environment. */
  readonly variable: (name: string) => string | undefined
}

export interface HookSurroundings {
  readonly config: Result<ParsedConfig>
  readonly injector: Sources["injector"]
  readonly readState: () => Result<string>
}

export function hookSources(surroundings: HookSurroundings): Sources {
  return {
    injector: surroundings.injector,
    mode: "legacy",
    readConfig: () => surroundings.config,
    readState: surroundings.readState,
    readSpec: (bundle) => readText("OCI spec", joinPath(bundle, "config.json")),
    isTegra: isTegraHost,
  }
}

/** The configuration's text, and the file it came from (undefined: none exists and none is required). */
export function readConfig({ configPath, profile, variable }: ConfigSurroundings): {
  readonly text: Result<string>
  readonly path: string | undefined
} {
  if (configPath !== undefined) return { text: readText("configuration file", configPath), path: configPath }
  let candidates: readonly string[]
  if (profiles[profile ?? "1.20"].config.search === "environmentThenEtc") {
    const named = variable("NVIDIA_CTK_CONFIG_FILE_PATH") ?? ""
    if (named !== "") return { text: readText("configuration file", named), path: named }
    const home = variable("XDG_CONFIG_HOME") ?? ""
    candidates = [joinPath(home === "" ? "/etc" : home, configName)]
  } else candidates = [`/run/nvidia/driver/etc/${configName}`, `/etc/${configName}`]
  for (const path of candidates) {
    const text = readText("configuration file", path)
    const isAbsent = !text.ok && text.fault.tag === "InputUnreadable" && text.fault.data.errno === "ENOENT"
    if (!isAbsent) return { text, path }
  }
  return { text: ok(""), path: undefined }
}
