/** The files, directories and links that a Tegra board's lists name, as every container that asks for the driver gets them. */

import { extraLinks } from "../driver/implied-files.ts"
import type { PlatformContents, PlatformItem } from "../driver/platform-contents.ts"
import type { ContainerPath, HostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import type { Edit, MountEdit } from "./edit.ts"
import { fileMount } from "./file-mount.ts"
import type { PlanPart } from "./plan-part.ts"

export function boardFiles(
  items: readonly PlatformItem[],
  { release }: PlatformContents,
  reasons: readonly string[],
): PlanPart {
  const mount = (from: HostPath, to: string): MountEdit => ({
    ...fileMount(from, to, reasons),
    isOptional: true,
  })
  const directories = items.flatMap(({ kind, file }) =>
    kind === "dir" && file !== undefined ? [file.path] : [],
  )
  // What lies in a directory that is given whole comes with it.
  const isInside = (path: string): boolean => directories.some((one) => path.startsWith(`${one}/`))
  const links = new Map<string, string>()
  const add = (path: string, target: string): void => {
    if (!links.has(path) && !isInside(path)) links.set(path, target)
  }
  for (const { links: found } of items) for (const { path, target } of found) add(path, target)
  for (const { file, library } of items) {
    if (file === undefined || library === undefined) continue
    const [directory, name] = [parentPath(file.path), baseName(file.path)]
    if (library.soname !== name) add(`${directory}/${library.soname}`, name)
    for (const { stem, link, target } of extraLinks) {
      const version = name.startsWith(`${stem}.so.`) ? name.slice(`${stem}.so.`.length) : ""
      if (version.includes(".")) add(`${directory}/${link}`, target(version))
    }
  }
  return {
    edits: [
      ...items.flatMap(({ file }) => (file === undefined ? [] : [mount(file.hostPath, file.path)])),
      ...(release === undefined ? [] : [mount(release.hostPath, release.path)]),
      ...[...links].map(
        ([path, target]): Edit => ({ kind: "symlink", path: path as ContainerPath, target, reasons }),
      ),
    ],
  }
}
