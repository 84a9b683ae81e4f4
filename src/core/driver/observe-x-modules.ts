/** The driver's modules of the X server. Source: facts, toolkit §5.4. */

import { isFile } from "../host/file-at.ts"
import type { RootView } from "../host/root-view.ts"
import { hostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import type { DriverModule, FileLink, FileReason } from "./catalogue.ts"
import { observeLink } from "./observe-link.ts"

/** Beside each directory of libraries and where servers look, inside the driver root. Order: of search. */
export function xModuleDirectories(libraryDirectories: readonly string[]): readonly string[] {
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

/** Driver and GLX extension of the X server. */
export function observeXModules(
  view: RootView,
  libraryDirectories: readonly string[],
  version: string,
): readonly DriverModule[] {
  const reasons: readonly FileReason[] = [{ kind: "beyond", capability: "display" }]
  const names = ["nvidia_drv.so", `libglxserver_nvidia.so.${version}`]
  const directories = xModuleDirectories(libraryDirectories)
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
