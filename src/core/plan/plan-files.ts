/**
 * The driver's files: libraries, binaries, firmware, configuration files, X modules, sockets of its services, and the links beside them.
 * Where they go is the mode's affair: the hook puts them where the container's distribution looks, the wrapper's modes where they lie on
 * the machine. Source: facts, nvidia-container-cli §2.3 to §2.5, toolkit §5.3 to §5.5.
 */

import type { DriverCapability } from "../driver/capability.ts"
import type { DriverBinary, DriverLibrary, FileLink } from "../driver/catalogue.ts"
import { extraLinks } from "../driver/implied-files.ts"
import type { Finding } from "../fault/finding.ts"
import type { Socket } from "../inventory/inventory.ts"
import { deadSocket } from "../inventory/listening.ts"
import { containerPath, type HostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import type { Edit, MountEdit, SymlinkEdit } from "./edit.ts"
import { fileMount } from "./file-mount.ts"
import type { Omission } from "./plan.ts"
import type { PlanContext, PlanPart } from "./plan-part.ts"

/** A socket is written to. */
const ofSocket = ["nosuid", "nodev", "noexec"] as const

export function planFiles(context: PlanContext, libraries: readonly DriverLibrary[]): PlanPart {
  const { driver, granted, because, mode } = context
  const reasons = because.capabilities
  const isWanted = (by: ReadonlySet<DriverCapability>) => (file: Pick<DriverBinary, "capabilities">) =>
    file.capabilities.some((one) => by.has(one))
  const mount = (path: HostPath, target: string): MountEdit => fileMount(path, target, reasons)
  const offer = (path: HostPath, target: string): MountEdit => ({ ...mount(path, target), isOptional: true })
  const link = ({ path, target }: FileLink): SymlinkEdit => ({
    kind: "symlink",
    path: containerPath(path),
    target,
    reasons,
  })
  const modules = driver.modules.filter(isWanted(granted.asked))
  const binaries = driver.binaries.filter(isWanted(granted.asked))
  const sockets = planSockets(context)
  return {
    edits: [
      ...binaries.map(({ path, rootPath }) =>
        mount(path, mode === "legacy" ? `/usr/bin/${baseName(path)}` : rootPath),
      ),
      ...libraries.map((one) => mount(one.path, `${libraryDirectory(context, one)}/${baseName(one.path)}`)),
      ...driver.firmware.map((path) => offer(path, firmwarePlace(context, path))),
      ...driver.configurations
        .filter(isWanted(granted.implied))
        .map(({ path, containerPath: target }) => offer(path, target)),
      ...modules.map(({ path, rootPath }) => offer(path, rootPath)),
      ...sockets.edits,
      ...libraryLinks(context, libraries).map(link),
      ...oddLinks(context, libraries).map(link),
      ...modules.flatMap((one) => one.links).map(link),
    ],
    omissions: sockets.omissions,
    findings: sockets.findings,
  }
}

/** Libraries that the capabilities bring; those of 32 bits only for compat32. */
export function chooseLibraries({ driver, granted }: PlanContext): readonly DriverLibrary[] {
  const bits = granted.asked.has("compat32") ? [64, 32] : [64]
  return driver.libraries.filter(
    (one) =>
      bits.includes(one.bits) &&
      (one.capabilities.some((capability) => granted.implied.has(capability)) ||
        (granted.isEverything && one.capabilities.length === 0)),
  )
}

/** Where a container's loader, or in the wrapper's modes the machine's, looks for a library. */
export function libraryDirectory(
  { mode, layout }: Pick<PlanContext, "mode" | "layout">,
  { bits, machine, rootPath }: DriverLibrary,
): string {
  if (mode !== "legacy") return parentPath(rootPath)
  if (bits === 64) {
    if (!layout.isDebian) return "/usr/lib64"
    return machine === "aarch64" ? "/usr/lib/aarch64-linux-gnu" : "/usr/lib/x86_64-linux-gnu"
  }
  if (layout.isDebian) return "/usr/lib/i386-linux-gnu"
  return layout.hasLib32 || !layout.isLibApart ? "/usr/lib32" : "/usr/lib"
}

const firmwarePlace = ({ mode, driver }: PlanContext, path: HostPath): string =>
  mode === "legacy"
    ? `/lib/firmware/nvidia/${driver.version}/${baseName(path)}`
    : withoutRoot(path, driver.driverRoot)

const withoutRoot = (path: string, root: string): string =>
  root !== "/" && path.startsWith(`${root}/`) ? path.slice(root.length) : path

/** The link of the SONAME and those of the reference; in the wrapper's modes also those of the machine, as they stand there. */
function libraryLinks(context: PlanContext, libraries: readonly DriverLibrary[]): readonly FileLink[] {
  const { version } = context.driver
  const links = new Map<string, string>()
  const add = (path: string, target: string): void => {
    if (!links.has(path)) links.set(path, target)
  }
  for (const library of libraries) {
    const directory = libraryDirectory(context, library)
    const name = baseName(library.path)
    if (context.mode !== "legacy") for (const { path, target } of library.links) add(path, target)
    if (library.soname !== name) add(`${directory}/${library.soname}`, name)
    for (const { stem, link, target, isNewer = false } of extraLinks)
      if (name === `${stem}.so.${version}` && !(isNewer && context.mode === "legacy"))
        add(`${directory}/${link}`, target(version))
  }
  return [...links].map(([path, target]) => ({ path: path as HostPath, target }))
}

/** Links below a directory of libraries, `gbm/nvidia-drm_gbm.so`, by which programs that draw find the driver. */
function oddLinks(context: PlanContext, libraries: readonly DriverLibrary[]): readonly FileLink[] {
  if (!context.granted.implied.has("graphics")) return []
  return context.driver.links.flatMap((link): readonly FileLink[] => {
    const name = baseName(link.target)
    // A link beside libraries of 32 bits leads to one of them, or nowhere where they are not given.
    const beside = parentPath(parentPath(link.path))
    const isBeside = (bits: 32 | 64): boolean =>
      context.driver.libraries.some((one) => one.bits === bits && parentPath(one.rootPath) === beside)
    const wanted = context.mode !== "legacy" && isBeside(32) && !isBeside(64) ? 32 : 64
    const library = libraries.find(
      (one) =>
        one.bits === wanted &&
        (baseName(one.path) === name ||
          one.soname === name ||
          one.links.some(({ path }) => baseName(path) === name)),
    )
    if (library === undefined) return []
    if (context.mode !== "legacy") return [link]
    const below = baseName(parentPath(link.path))
    const path = `${libraryDirectory(context, library)}/${below}/${baseName(link.path)}` as HostPath
    return [{ path, target: `../${name}` }]
  })
}

const servedBy: { readonly [N in Socket["name"]]: DriverCapability } = {
  persistenced: "utility",
  fabricmanager: "utility",
  mps: "compute",
}

/** Only sockets at which somebody listens: a program that finds a dead one waits in vain. */
function planSockets({ inventory, driver, granted, because }: PlanContext): Required<PlanPart> {
  const edits: Edit[] = []
  const omissions: Omission[] = []
  const findings: Finding[] = []
  const reasons = because.capabilities
  for (const socket of inventory.sockets) {
    const { name, path, isListening } = socket
    if (!granted.implied.has(servedBy[name])) continue
    if (isListening === false) {
      omissions.push({ what: `${path}, at which nobody listens`, reasons })
      findings.push(deadSocket(socket))
      continue
    }
    edits.push({
      kind: "mount",
      hostPath: path,
      containerPath: containerPath(withoutRoot(path, driver.driverRoot)),
      isOptional: true,
      options: ofSocket,
      reasons,
    })
  }
  return { edits, omissions, findings }
}
