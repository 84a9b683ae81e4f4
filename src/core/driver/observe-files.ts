/**
 * Everything of the driver that is no library: binaries, firmware, configuration files, modules of the X server, odd links.
 * Source: facts, toolkit §5.4 and §5.5.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import type { RootView } from "../host/root-view.ts"
import { readText } from "../inventory/proc-text.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import type { DriverCapability } from "./capability.ts"
import type {
  DriverBinary,
  DriverConfiguration,
  DriverLibrary,
  DriverModule,
  FileLink,
  FileReason,
} from "./catalogue.ts"
import { binariesBeyond, binariesOf, configurationsOf } from "./files.ts"
import { stemOf } from "./observe-libraries.ts"

export const binaryDirectories: readonly string[] = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
  "/run/current-system/sw/bin",
]
/** Below which configuration files are looked for. Order: of search. */
export const dataDirectories: readonly string[] = [
  "/etc",
  "/usr/local/share",
  "/usr/share",
  "/run/opengl-driver/share",
]
/** Vulkan's files lie in the root itself where that holds the driver and nothing else. */
const placesOf = (name: string, directories: readonly string[]): readonly string[] =>
  (name.startsWith("vulkan/") ? [...directories, ""] : directories).map((directory) => `${directory}/${name}`)

/** Of the X server's modules, beside each directory of libraries and where servers look. Order: of search. */
export function moduleDirectories(libraryDirectories: readonly string[]): readonly string[] {
  const inServer = (base: string): readonly string[] =>
    ["modules", "modules/updates"].flatMap((place) =>
      ["drivers", "extensions"].map((kind) => `${base}/${place}/${kind}`),
    )
  return [
    ...new Set([
      ...libraryDirectories.flatMap((directory) => [
        `${directory}/nvidia/xorg`,
        `${parentPath(directory)}/xorg`,
        ...inServer(`${directory}/xorg`),
      ]),
      ...["/usr/lib/xorg", "/usr/lib64/xorg", "/usr/X11R6/lib", "/usr/X11R6/lib64"].flatMap(inServer),
    ]),
  ]
}

export const configurationDirectories = (directories: readonly string[]): readonly string[] => [
  ...new Set(configurationsOf.flatMap(({ name }) => placesOf(name, directories).map(parentPath))),
]

/** A regular file, or a link that leads to one inside the root. */
function isFile(view: RootView, path: string): boolean {
  const stat = view.lstat(path)
  if (!stat.ok || stat.value.kind === "file") return stat.ok
  const resolved = stat.value.kind === "symlink" ? view.resolve(path) : undefined
  const behind = resolved?.ok === true ? view.lstat(resolved.value) : undefined
  return behind?.ok === true && behind.value.kind === "file"
}

/** Order: the reference's table, then ours. */
export function observeBinaries(view: RootView): readonly DriverBinary[] {
  const named = new Map<string, FileReason[]>()
  for (const [kind, table] of [
    ["table", binariesOf],
    ["beyond", binariesBeyond],
  ] as const)
    for (const [capability, names] of Object.entries(table))
      for (const name of names)
        named.set(name, [...(named.get(name) ?? []), { kind, capability: capability as DriverCapability }])
  return [...named].flatMap(([name, reasons]): readonly DriverBinary[] => {
    const found = binaryDirectories
      .map((directory) => `${directory}/${name}`)
      .find((path) => isFile(view, path))
    if (found === undefined) return []
    const capabilities = reasons
      .flatMap((reason) => ("capability" in reason ? [reason.capability] : []))
      .sort()
    return [{ path: view.outside(found), rootPath: hostPath(found), capabilities, reasons }]
  })
}

/** Order: as in the table. */
export function observeConfigurations(
  view: RootView,
  libraries: readonly DriverLibrary[],
  directories: readonly string[],
  findings: Finding[],
): readonly DriverConfiguration[] {
  const stems = new Set(libraries.map(({ rootPath }) => stemOf(rootPath)))
  return configurationsOf.flatMap(({ name, into, capability, missed }): readonly DriverConfiguration[] => {
    const found = placesOf(name, directories).find((path) => isFile(view, path))
    if (found === undefined) {
      const isElsewhere = name.endsWith("nvidia_icd.json") && hasMachineIcd(view, directories)
      if (missed !== undefined && stems.has(missed.library) && !isElsewhere)
        findings.push({
          severity: "warning",
          fault: fault("DriverFileMissing", {
            name: baseName(name),
            consequence: missed.consequence,
            capability,
          }),
          evidence: directories.map((directory) => `${view.outside(`${directory}/${name}`)}: absent`),
        })
      return []
    }
    return [
      {
        path: view.outside(found),
        rootPath: hostPath(found),
        containerPath: hostPath(`${into}/${name}`),
        capabilities: [capability],
        reasons: [{ kind: "beyond", capability }],
      },
    ]
  })
}

/** Some distributions install the Vulkan file under a name with the machine in it. */
const hasMachineIcd = (view: RootView, directories: readonly string[]): boolean =>
  ["x86_64", "aarch64"].some((machine) =>
    directories.some((directory) => isFile(view, `${directory}/vulkan/icd.d/nvidia_icd.${machine}.json`)),
  )

/** Driver and GLX extension of the X server. */
export function observeModules(
  view: RootView,
  libraryDirectories: readonly string[],
  version: string,
): readonly DriverModule[] {
  const reasons: readonly FileReason[] = [{ kind: "beyond", capability: "display" }]
  const names = ["nvidia_drv.so", `libglxserver_nvidia.so.${version}`]
  const directories = moduleDirectories(libraryDirectories)
  return names.flatMap((name): readonly DriverModule[] => {
    const found = directories.map((directory) => `${directory}/${name}`).find((path) => isFile(view, path))
    if (found === undefined) return []
    const link = found.endsWith(version) ? observeLink(view, found.slice(0, -version.length - 1)) : []
    return [
      {
        path: view.outside(found),
        rootPath: hostPath(found),
        capabilities: ["display"],
        reasons,
        links: link,
      },
    ]
  })
}

/** Below a directory of libraries. */
export const gbmDirectory = "/gbm"

/** `gbm/nvidia-drm_gbm.so`, by which libgbm finds the driver. */
export const observeOddLinks = (view: RootView, directories: readonly HostPath[]): readonly FileLink[] =>
  directories.flatMap((directory) => {
    const path = `${directory}${gbmDirectory}/nvidia-drm_gbm.so`
    // Libraries of 32 bits have the link and not what it names.
    return view.exists(path) ? observeLink(view, path) : []
  })

function observeLink(view: RootView, path: string): readonly FileLink[] {
  const target = view.readLink(path)
  return target.ok ? [{ path: hostPath(path), target: target.value }] : []
}

/** Directories in which the kernel looks for each firmware file, inside the driver root. Order: of search. */
export function firmwareDirectories(host: Host, version: string): readonly string[] {
  const text = (path: string): string => readText(host, path)?.trim() ?? ""
  const chosen = text("/sys/module/firmware_class/parameters/path")
  const release = text("/proc/sys/kernel/osrelease")
  const bases = [
    ...(chosen.startsWith("/") ? [chosen] : []),
    ...(release === "" ? [] : [`/lib/firmware/updates/${release}`]),
    "/lib/firmware/updates",
    ...(release === "" ? [] : [`/lib/firmware/${release}`]),
    "/lib/firmware",
  ]
  return bases.map((base) => `${base}/nvidia/${version}`)
}

/** gsp*.bin, each from the first directory that has it. Order: by name. */
export function observeFirmware(view: RootView, candidates: readonly string[]): readonly HostPath[] {
  const found = new Map<string, HostPath>()
  for (const directory of candidates) {
    const names = view.readDir(directory)
    for (const name of names.ok ? names.value : [])
      if (/^gsp.*\.bin$/.test(name) && !found.has(name)) found.set(name, view.outside(`${directory}/${name}`))
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path)
}
