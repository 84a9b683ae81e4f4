/**
 * What specifications cover in an image: files that it has itself where a mount or a link goes, and places of another kind, at which
 * runtimes fail. Empty files are what an image keeps that was built with a driver injected, and harm nobody.
 */

import { linksOf } from "../cdi/hook-arguments.ts"
import type { CdiPlace } from "../fault/cdi-place.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { RootView } from "../host/root-view.ts"
import { cleanPath, parentPath } from "../text/path.ts"
import { type CdiUses, found, groupUses, otherPlaces, placeOf } from "./cdi-subject.ts"
import type { MountSource } from "./check-mounts.ts"

/** Order: mounts as used first, then links. */
export function checkImage(
  image: RootView,
  { mounts, hooks }: CdiUses,
  sources: readonly MountSource[],
): readonly Finding[] {
  const kinds = new Map(
    sources.flatMap(({ path, at }) => (at.kind === "there" ? [[path, at.stat.kind] as const] : [])),
  )
  const links = hooks.flatMap((use) => linksOf(use.item).map(({ path }) => ({ ...use, item: path })))
  return [
    ...groupUses(mounts, ({ containerPath }) => cleanPath(containerPath)).flatMap(([path, uses]) => {
      const kind = kinds.get(uses[0].item.hostPath)
      const gets = kind && (kind === "directory" ? "a directory" : "a file")
      return judge(image, path, gets, placeOf(uses[0], "containerPath"), otherPlaces(uses))
    }),
    ...groupUses(links, cleanPath).flatMap(([path, uses]) =>
      judge(image, path, "a file", placeOf(uses[0], "args"), otherPlaces(uses)),
    ),
  ]
}

/** `gets`: what is put there; undefined: nobody knows. */
function judge(
  image: RootView,
  containerPath: string,
  gets: "a directory" | "a file" | undefined,
  place: CdiPlace,
  others: readonly string[],
): readonly Finding[] {
  const resolved = image.resolve(containerPath)
  const stat = resolved.ok ? image.lstat(resolved.value) : resolved
  if (!resolved.ok || !stat.ok) {
    const has = obstacleTo(image, containerPath)
    if (has === undefined) return []
    const clash = { place, containerPath, has, gets: gets ?? "a file" }
    return [found("error", fault("CdiImagePathClash", clash), ...others)]
  }
  if (gets === undefined) return []
  const { kind, sizeBytes } = stat.value
  const isDirectory = kind === "directory"
  if (isDirectory !== (gets === "a directory"))
    return [
      found(
        "error",
        fault("CdiImagePathClash", { place, containerPath, has: article(kind), gets }),
        ...others,
      ),
    ]
  if (isDirectory) {
    const names = image.readDir(resolved.value)
    const count = names.ok ? names.value.length : 0
    return count === 0 ? [] : [shadowed(place, containerPath, `a directory (${count} entries)`, others)]
  }
  return sizeBytes === 0 ? [] : [shadowed(place, containerPath, `a file (${sizeBytes} bytes)`, others)]
}

/** What keeps a runtime from making a place that is not there; undefined: nothing. */
function obstacleTo(image: RootView, path: string): string | undefined {
  for (let above = path; above !== "/"; above = parentPath(above)) {
    const resolved = image.resolve(above)
    if (!resolved.ok && resolved.fault.tag === "HostReadFailed" && resolved.fault.data.errno === "ELOOP")
      return `behind a link in a circle, ${above},`
    const stat = resolved.ok ? image.lstat(resolved.value) : resolved
    if (!stat.ok || typeof stat.value === "string") continue
    return stat.value.kind === "directory" ? undefined : `behind ${article(stat.value.kind)}, ${above},`
  }
  return undefined
}

const article = (kind: string): string => `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`

const shadowed = (place: CdiPlace, containerPath: string, has: string, others: readonly string[]): Finding =>
  found("note", fault("CdiImageShadowed", { place, containerPath, has }), ...others)
