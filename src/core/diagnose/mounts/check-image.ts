/**
 * What specifications cover in an image: files that it has itself where a mount or a link goes, and places of another kind, at which
 * runtimes fail, or hooks that write there. Empty files are what an image keeps that was built with a driver injected, and harm nobody.
 */

import { foldersOf, linksInHook, makesProfile } from "../../cdi/edits/hook-arguments.ts"
import type { Hook } from "../../cdi/spec.ts"
import { applicationProfilePath } from "../../driver/application-profile.ts"
import type { CdiPlace } from "../../fault/cdi-place.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { RootView } from "../../host/root-view.ts"
import { foldersPath } from "../../ldcache/plan-loader-files.ts"
import type { HostPath } from "../../text/brand.ts"
import { counted } from "../../text/counted.ts"
import { cleanPath, parentPath } from "../../text/path.ts"
import { liesInOneOf } from "../../text/path-in-root.ts"
import { type CdiUses, found, groupUses, otherPlaces, placeOf } from "../cdi-subject.ts"
import { isSystemDirectory } from "./check-covered-system.ts"
import type { MountSource } from "./check-mounts.ts"

/** Order: mounts as used first, then links, programs of the container's own, what else hooks make. */
export const checkImage = (
  image: RootView,
  { mounts, hooks }: CdiUses,
  sources: readonly MountSource[],
): readonly Finding[] => [
  ...checkMountPlaces(image, mounts, sources),
  ...checkLinkPlaces(image, hooks),
  ...checkOwnHooks(image, { mounts, hooks }),
  ...checkHookPlaces(image, hooks),
]

function checkMountPlaces(
  image: RootView,
  mounts: CdiUses["mounts"],
  sources: readonly MountSource[],
): readonly Finding[] {
  const kinds = new Map(
    sources.flatMap(({ path, at }) => (at.kind === "there" ? [[path, at.stat.kind] as const] : [])),
  )
  return groupUses(mounts, ({ containerPath }) => cleanPath(containerPath)).flatMap(([path, uses]) => {
    const kind = kinds.get(uses[0].item.hostPath)
    return checkPlace(image, {
      path,
      gets: kind && (kind === "directory" ? "a directory" : "a file"),
      place: placeOf(uses[0], "containerPath"),
      others: otherPlaces(uses),
    })
  })
}

/** A link takes the place of a file, or of another link, and of no directory. */
function checkLinkPlaces(image: RootView, hooks: CdiUses["hooks"]): readonly Finding[] {
  const links = hooks.flatMap((use) => linksInHook(use.item).map(({ path }) => ({ ...use, item: path })))
  return groupUses(links, cleanPath).flatMap(([path, uses]) => {
    const place = placeOf(uses[0], "args")
    const others = otherPlaces(uses)
    const obstacle = obstacleToHook(image, path, "a file")
    if (obstacle !== undefined) {
      const clash = { place, containerPath: path, has: obstacle, gets: "a link", by: "hook" } as const
      return [found("error", fault("CdiImagePathClash", clash), ...others)]
    }
    const stat = image.lstat(path)
    const has = stat.ok && stat.value.kind === "file" ? describeFile(stat.value.sizeBytes) : undefined
    return has === undefined ? [] : [shadowed(place, path, has, others)]
  })
}

/** What hooks make beside links, where the image has something in the way. */
function checkHookPlaces(image: RootView, hooks: CdiUses["hooks"]): readonly Finding[] {
  const made = hooks.flatMap((use) => madeBy(use.item).map((item) => ({ ...use, item })))
  return groupUses(made, ({ path }) => path).flatMap(([containerPath, uses]) => {
    const { gets } = uses[0].item
    const has = obstacleToHook(image, containerPath, gets)
    if (has === undefined) return []
    const clash = { place: placeOf(uses[0], "args"), containerPath, has, gets, by: "hook" } as const
    return [found("error", fault("CdiImagePathClash", clash), ...otherPlaces(uses, "args"))]
  })
}

/** Programs of the container's own, which nothing of the specification brings. */
function checkOwnHooks(
  image: RootView,
  { mounts, hooks }: Pick<CdiUses, "mounts" | "hooks">,
): readonly Finding[] {
  const brought = new Set(mounts.map(({ item }) => cleanPath(item.containerPath)))
  const own = hooks.filter(({ item }) => item.hookName === "startContainer")
  return groupUses(own, ({ path }) => path).flatMap(([path, uses]) => {
    if (liesInOneOf(cleanPath(path), brought)) return []
    const resolved = image.resolve(path)
    const stat = resolved.ok ? image.lstat(resolved.value) : resolved
    if (stat.ok || (resolved.ok && liesInOneOf(resolved.value, brought))) return []
    const errno = stat.fault.tag === "HostReadFailed" ? stat.fault.data.errno : "ENOENT"
    return [
      found(
        "error",
        fault("CdiHookMissing", { place: placeOf(uses[0], "path"), path, errno }),
        ...otherPlaces(uses, "path"),
      ),
    ]
  })
}

interface Made {
  readonly path: string
  readonly gets: "a directory" | "a file"
}

/** What hooks of the toolkit's make beside links: whoever's they are, they fail where they cannot. */
const madeBy = (hook: Hook): readonly Made[] => [
  ...(foldersOf(hook).length === 0
    ? []
    : [
        { path: parentPath(foldersPath), gets: "a directory" } as const,
        { path: "/etc/ld.so.cache", gets: "a file" } as const,
      ]),
  ...(makesProfile(hook) ? [{ path: parentPath(applicationProfilePath), gets: "a directory" } as const] : []),
]

/** A file takes the place of whatever is no directory; a directory is made where there is nothing, not where a link leads to. */
function obstacleToHook(image: RootView, path: string, gets: Made["gets"]): string | undefined {
  const stat = image.lstat(path)
  if (gets === "a file" && stat.ok) return stat.value.kind === "directory" ? "a directory" : undefined
  return obstacleTo(image, path, "keep what is made out")
}

/** Something that a mount puts into the container. */
interface Put {
  /** In the container. */
  readonly path: string
  /** undefined: nobody knows. */
  readonly gets: "a directory" | "a file" | undefined
  readonly place: CdiPlace
  readonly others: readonly string[]
}

/** What the image has there: something of another kind, at which the container fails, or contents that nobody sees any more. */
function checkPlace(image: RootView, { path, gets, place, others }: Put): readonly Finding[] {
  const clash = (has: string): readonly Finding[] => [
    found(
      "error",
      fault("CdiImagePathClash", { place, containerPath: path, has, gets: gets ?? "a file", by: "mount" }),
      ...others,
    ),
  ]
  const resolved = image.resolve(path)
  const stat = resolved.ok ? image.lstat(resolved.value) : resolved
  if (!resolved.ok || !stat.ok) {
    const obstacle = obstacleTo(image, path, "are filled")
    return obstacle === undefined ? [] : clash(obstacle)
  }
  if (gets === undefined) return []
  const { kind, sizeBytes } = stat.value
  if ((kind === "directory") !== (gets === "a directory")) return clash(article(kind))
  // Told with what is wrong with it.
  if (kind === "directory" && isSystemDirectory(path)) return []
  const has = kind === "directory" ? describeDirectory(image, resolved.value) : describeFile(sizeBytes)
  return has === undefined ? [] : [shadowed(place, path, has, others)]
}

const shadowed = (place: CdiPlace, containerPath: string, has: string, others: readonly string[]): Finding =>
  found("note", fault("CdiImageShadowed", { place, containerPath, has }), ...others)

/** undefined: it is empty. */
function describeDirectory(image: RootView, path: HostPath): string | undefined {
  const names = image.readDir(path)
  const count = names.ok ? names.value.length : 0
  if (count === 0) return undefined
  return `a directory (${count === 1 ? "1 entry" : `${count} entries`})`
}

/** undefined: it is empty. */
const describeFile = (sizeBytes: number): string | undefined =>
  sizeBytes === 0 ? undefined : `a file (${counted(sizeBytes, "byte")})`

/** What keeps a place that is not there from being made; undefined: nothing. Runtimes make what a link to nowhere leads to. */
function obstacleTo(
  image: RootView,
  path: string,
  linksToNowhere: "are filled" | "keep what is made out",
): string | undefined {
  const told = (what: string, at: string): string => (at === path ? what : `behind ${what}, ${at},`)
  for (let above = path; above !== "/"; above = parentPath(above)) {
    const resolved = image.resolve(above)
    if (!resolved.ok && resolved.fault.tag === "HostReadFailed" && resolved.fault.data.errno === "ELOOP")
      return told("a link in a circle", above)
    const stat = resolved.ok ? image.lstat(resolved.value) : resolved
    if (stat.ok) return stat.value.kind === "directory" ? undefined : told(article(stat.value.kind), above)
    const isAbsent = stat.fault.tag === "HostReadFailed" && stat.fault.data.reason === "absent"
    if (linksToNowhere === "keep what is made out" && isAbsent && image.lstat(above).ok)
      return told("a link to nowhere", above)
  }
  return undefined
}

const article = (kind: string): string => `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`
