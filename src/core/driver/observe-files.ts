/**
 * Everything of the driver that is no library: binaries, firmware, configuration files, modules of the X server, odd links.
 * Source: facts, toolkit §5.4 and §5.5.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fileAt, isFile } from "../host/file-at.ts"
import type { Host } from "../host/host.ts"
import type { RootView } from "../host/root-view.ts"
import { readText } from "../inventory/proc-text.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import { tableStem } from "./assign-capabilities.ts"
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
export interface ConfigurationPlaces {
  /** The driver root. */
  readonly view: RootView
  /** The root that the directories lie in. */
  readonly dataView: RootView
  readonly dataDirectories: readonly string[]
}

interface Place {
  readonly view: RootView
  readonly path: string
}

/** Vulkan's files lie in the driver root itself where that holds the driver and nothing else. */
const placesOf = (
  name: string,
  { view, dataView, dataDirectories: directories }: ConfigurationPlaces,
): readonly Place[] => [
  ...directories.map((directory) => ({ view: dataView, path: `${directory}/${name}` })),
  ...(name.startsWith("vulkan/") ? [{ view, path: `/${name}` }] : []),
]

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

/** On the machine. */
export const configurationDirectories = (places: ConfigurationPlaces): readonly HostPath[] => [
  ...new Set(
    configurationsOf.flatMap(({ name }) =>
      placesOf(name, places).map(({ view, path }) => view.outside(parentPath(path))),
    ),
  ),
]

/** Somebody may run it. */
const isProgram = (view: RootView, path: string): boolean => ((fileAt(view, path)?.mode ?? 0) & 0o111) !== 0

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
      .find((path) => isProgram(view, path))
    if (found === undefined) return []
    const capabilities = reasons
      .flatMap((reason) => ("capability" in reason ? [reason.capability] : []))
      .sort()
    return [{ path: view.place(found), rootPath: hostPath(found), capabilities, reasons }]
  })
}

/** Order: as in the table. */
export function observeConfigurations(
  places: ConfigurationPlaces,
  libraries: readonly DriverLibrary[],
  findings: Finding[],
): readonly DriverConfiguration[] {
  const { dataView, dataDirectories } = places
  const stems = new Set(libraries.map(tableStem))
  return configurationsOf.flatMap(({ name, into, capability, missed }): readonly DriverConfiguration[] => {
    if (isOfOtherMachine(name, libraries)) return []
    const found = placesOf(name, places).find(({ view, path }) => isFile(view, path))
    if (found === undefined) {
      const isElsewhere = name.endsWith("nvidia_icd.json") && hasMachineIcd(dataView, dataDirectories)
      if (missed !== undefined && stems.has(missed.library) && !isElsewhere)
        findings.push({
          severity: "warning",
          fault: fault("DriverFileMissing", {
            name: baseName(name),
            consequence: missed.consequence,
            capability,
          }),
          evidence: dataDirectories.map((directory) => `${dataView.outside(`${directory}/${name}`)}: absent`),
        })
      return []
    }
    return [
      {
        path: found.view.place(found.path),
        rootPath: hostPath(found.path),
        containerPath: hostPath(`${into}/${name}`),
        capabilities: [capability],
        reasons: [{ kind: "beyond", capability }],
      },
    ]
  })
}

/** A file whose name says for which machine it is, beside libraries for another. */
const isOfOtherMachine = (name: string, libraries: readonly DriverLibrary[]): boolean => {
  const machine = /\.(x86_64|aarch64)\.json$/.exec(name)?.[1]?.replace("_", "-")
  const others = libraries.filter(({ bits }) => bits === 64)
  return machine !== undefined && others.length > 0 && !others.some((one) => one.machine === machine)
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
    const link = found.endsWith(version) ? linkOfModule(view, found, version) : []
    return [
      {
        path: view.place(found),
        rootPath: hostPath(found),
        capabilities: ["display"],
        reasons,
        links: link,
      },
    ]
  })
}

/** The X server asks for it by the name without a version, also where nobody made that link on the machine. */
function linkOfModule(view: RootView, module: string, version: string): readonly FileLink[] {
  const path = module.slice(0, -version.length - 1)
  const standing = observeLink(view, path)
  if (standing.length > 0 || view.exists(path)) return standing
  return [{ path: hostPath(path), target: baseName(module) }]
}

/** Below a directory of libraries. */
export const gbmDirectory = "/gbm"

/** `gbm/nvidia-drm_gbm.so`, by which libgbm finds the driver: as the machine has it, else as the driver's installer would make it. */
export function observeOddLinks(
  view: RootView,
  directories: readonly HostPath[],
  libraries: readonly DriverLibrary[],
): readonly FileLink[] {
  const allocators = libraries.filter(
    ({ bits, soname }) => bits === 64 && soname.startsWith("libnvidia-allocator.so."),
  )
  const homes = new Map(allocators.map(({ rootPath, soname }) => [parentPath(rootPath), soname]))
  // A directory that was searched may hold links alone, to files that lie beside others.
  const places = new Set<string>([...directories, ...homes.keys()])
  return [...places].flatMap((directory): readonly FileLink[] => {
    const path = `${directory}${gbmDirectory}/nvidia-drm_gbm.so`
    // Libraries of 32 bits have the link and not what it names.
    if (view.exists(path)) return observeLink(view, path)
    const soname = homes.get(directory)
    return soname === undefined || view.readLink(path).ok
      ? []
      : [{ path: hostPath(path), target: `../${soname}` }]
  })
}

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

/** gsp*.bin, each from the first directory that has it. What is called so and is no file is a finding. Order: by name. */
export function observeFirmware(
  view: RootView,
  candidates: readonly string[],
  findings: Finding[],
): readonly HostPath[] {
  const found = new Map<string, HostPath>()
  for (const directory of candidates) {
    const names = view.readDir(directory)
    for (const name of names.ok ? names.value : []) {
      if (!/^gsp.*\.bin$/.test(name) || found.has(name)) continue
      const path = `${directory}/${name}`
      if (mayBeFile(view, path)) found.set(name, view.outside(path))
      else
        findings.push({
          severity: "warning",
          fault: fault("DriverFileUnusable", { path: view.outside(path), problem: "it leads to no file" }),
          evidence: [`${view.outside(path)}: it leads to no file`],
        })
    }
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path)
}

/** A recording may hold that a file is listed, and no more of it. */
function mayBeFile(view: RootView, path: string): boolean {
  const resolved = view.resolve(path)
  const stat = resolved.ok ? view.lstat(resolved.value) : resolved
  if (stat.ok) return typeof stat.value !== "string" && stat.value.kind === "file"
  return stat.fault.tag === "HostReadFailed" && stat.fault.data.syscall === "lookup"
}
