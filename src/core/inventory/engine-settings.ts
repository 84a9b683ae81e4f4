/**
 * What an engine's own configuration says of CDI: whether it serves such devices at all, and where it looks for specifications. Where no file
 * says it, the release's default does. Command lines of daemons are not seen. Source: the engines' documentation of daemon.json, containerd's
 * config.toml (versions 1 to 3), containers.conf and crio.conf; release notes of Docker 28.2 and containerd 2.0, the latter's 2.4.2
 * as it runs, and what its releases before that do with `enable_cdi`; Docker of moby v2.0.0-beta.24 and podman 5.8.2 as they run; podman's
 * issues 25717 and 26569, containerd's 5837 and 9982.
 */

import { defaultDirectories } from "../cdi/registry/spec-directories.ts"
import type { EngineName } from "../cdi/rules/engine-versions.ts"
import type { HostFiles } from "../host/host.ts"
import { compareVersions } from "../text/version.ts"
import type { ObservedEngine } from "./observe-engines.ts"
import { readJsonSettings, readTomlSettings, type SettingKey, type SettingsFile } from "./settings-file.ts"

export interface EngineSettings {
  /** It serves no CDI device until that is changed. undefined: it does, or nobody can tell. */
  readonly off: { readonly file: string; readonly change: string } | undefined
  /** The last wins. */
  readonly directories: readonly string[]
  /** Who says so: a file, or the release. Empty: nobody, they are the usual ones. */
  readonly directoriesBy: string
}

type Directories = Pick<EngineSettings, "directories" | "directoriesBy">

/**
 * `uid`: whose engine it is, where each user has one. undefined: its configuration cannot be understood, or it serves nobody by itself.
 */
export const observeEngineSettings = (
  host: HostFiles,
  { engine, version }: Pick<ObservedEngine, "engine" | "version">,
  uid = 0,
): EngineSettings | undefined => observers[engine](host, version, uid)

type Observer = (host: HostFiles, version: string | undefined, uid: number) => EngineSettings | undefined

const observers: { readonly [E in EngineName]: Observer } = {
  docker: observeDocker,
  containerd: observeContainerd,
  podman: observePodman,
  crio: observeCrio,
}

const isSince = (version: string | undefined, first: string): boolean | undefined =>
  version === undefined ? undefined : (compareVersions(version, first) ?? -1) >= 0

const daemonFile = "/etc/docker/daemon.json"

function observeDocker(host: HostFiles, version: string | undefined): EngineSettings | undefined {
  const settings = readJsonSettings(host, daemonFile)
  if (settings === undefined) return undefined
  const isServing = settings.flag("features", "cdi") ?? isSince(version, "28.2")
  const change = 'set "features": {"cdi": true} and restart docker'
  return {
    off: isServing === false ? { file: daemonFile, change } : undefined,
    ...directoriesOf([settings], ["cdi-spec-dirs"]),
  }
}

const containerdFile = "/etc/containerd/config.toml"
/** The same plugin, in versions 1, 2 and 3 of the file. Where one file has several, the last has the say. */
const criPlugins = ["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"]

/** Of Kubernetes' side: ctr and nerdctl look where they are told, at every start. */
function observeContainerd(host: HostFiles, version: string | undefined): EngineSettings | undefined {
  const isVersion1 = isSince(version, "2.0") === false
  const keyCase = isVersion1 ? "ownOrCapitals" : "any"
  const files = readTomlSettings(host, [containerdFile], { keyCase, imports: "imports" })
  if (files === undefined) return undefined
  // As Docker's packages configure it: nobody asks it for a device.
  if (files.some((file) => file.list("disabled_plugins")?.texts.some((name) => criPlugins.includes(name))))
    return undefined
  // Until then the last file with a plugin's section has the say of the whole plugin.
  const last = files.findLastIndex((file) => criPlugins.some((name) => file.has("plugins", { name })))
  const heard = isVersion1 ? files.slice(last) : files
  const said = heard
    .flatMap(({ path, flag }) =>
      criPlugins.map((name) => ({ path, name, isOn: flag("plugins", { name }, "enable_cdi") })),
    )
    .findLast(({ isOn }) => isOn !== undefined)
  // Off unless somebody says so, then on unless somebody says so. 2.4 has the setting no more.
  const isOff = isVersion1 ? said?.isOn !== true : isSince(version, "2.4") === false && said?.isOn === false
  const plugin = said?.name ?? "io.containerd.grpc.v1.cri"
  const change = `set enable_cdi = true in [plugins.${JSON.stringify(plugin)}] and restart containerd`
  const file = isVersion1 ? files[last]?.path : said?.path
  return {
    off: isOff ? { file: file ?? containerdFile, change } : undefined,
    ...directoriesOf(heard, ...criPlugins.map((name) => ["plugins", { name }, "cdi_spec_dirs"])),
  }
}

/** Read one after the other, the drop-ins last. */
const containersFiles = [
  "/usr/share/containers/containers.conf",
  "/etc/containers/containers.conf",
  "/etc/containers/containers.conf.d/*.conf",
]
/** Those of root's own; where others' lie is not looked up. */
const containersFilesOfRoot = [
  "/root/.config/containers/containers.conf",
  "/root/.config/containers/containers.conf.d/*.conf",
]

function observePodman(
  host: HostFiles,
  version: string | undefined,
  uid: number,
): EngineSettings | undefined {
  // Until then the setting was known and had no effect.
  const hasSetting = isSince(version, "5.5")
  const files =
    hasSetting === true
      ? readTomlSettings(host, [...containersFiles, ...(uid === 0 ? containersFilesOfRoot : [])], {
          keyCase: "any",
        })
      : []
  if (files === undefined || hasSetting === undefined) return undefined
  const isShort = hasSetting && isSince(version, "5.6") === false
  const first = isShort ? { directories: ["/etc/cdi"], directoriesBy: `podman ${version}` } : usualDirectories
  return { off: undefined, ...directoriesOfPodman(files, first) }
}

/** A list takes the place of those before it, or adds to them from where one says `append` on. */
function directoriesOfPodman(files: readonly SettingsFile[], first: Directories): Directories {
  let told = first
  let isAppending = false
  for (const file of files) {
    const said = file.list("engine", "cdi_spec_dirs")
    if (said === undefined) continue
    isAppending = said.isAppending ?? isAppending
    const directories = isAppending ? [...told.directories, ...said.texts] : said.texts
    told = { directories, directoriesBy: file.path }
  }
  return told
}

function observeCrio(host: HostFiles): EngineSettings | undefined {
  const files = readTomlSettings(host, ["/etc/crio/crio.conf", "/etc/crio/crio.conf.d/**"], {
    keyCase: "any",
  })
  return files && { off: undefined, ...directoriesOf(files, ["crio", "runtime", "cdi_spec_dirs"]) }
}

const usualDirectories: Directories = { directories: defaultDirectories, directoriesBy: "" }

function directoriesOf(
  files: readonly SettingsFile[],
  ...keys: readonly (readonly SettingKey[])[]
): Directories {
  const said = files.flatMap((file) =>
    keys.flatMap((key): readonly Directories[] => {
      const list = file.list(...key)
      return list === undefined ? [] : [{ directories: list.texts, directoriesBy: file.path }]
    }),
  )
  return said.at(-1) ?? usualDirectories
}
