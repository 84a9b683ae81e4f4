/**
 * Whether a user may do something with a path, by modes and owners. Access control lists and labels are not known to the Host port, so
 * that what is denied here may be granted by one, and the other way round. Source: path_resolution(7).
 */

import type { FileStat } from "../host/host.ts"
import { resolvePath } from "../host/resolve-path.ts"
import type { RootView } from "../host/root-view.ts"
import { joinPath, parentPath } from "../text/path.ts"

export interface EngineUser {
  readonly uid: number
  readonly gids: readonly number[]
}

export const rootUser: EngineUser = { uid: 0, gids: [0] }

export const userTitle = ({ uid }: EngineUser): string => (uid === 0 ? "root" : `user ${uid}`)

export type Access = "read" | "write" | "execute" | "search"

const bits: Readonly<Record<Access, number>> = { read: 4, write: 2, execute: 1, search: 1 }

function mayUse({ mode, uid, gid }: FileStat, user: EngineUser, wanted: number): boolean {
  if (user.uid === 0) return true
  const shift = uid === user.uid ? 6 : user.gids.includes(gid) ? 3 : 0
  return ((mode >> shift) & wanted) === wanted
}

/** A path and every directory above it. Order: from the root. */
const stepsTo = (path: string): readonly string[] => {
  const parts = path.split("/").filter((part) => part !== "")
  return ["/", ...parts.map((_, index) => joinPath("/", ...parts.slice(0, index + 1)))]
}

/**
 * The first on the way to a path, itself included, that the user may not search or use as he wants; undefined: there is none. The path has no
 * links left.
 */
export function closedAt(
  view: RootView,
  path: string,
  user: EngineUser,
  wanted: readonly Access[],
): string | undefined {
  return stepsTo(path).find((step) => {
    const stat = view.lstat(step)
    if (!stat.ok) return false
    const needed = step === path ? wanted : (["search"] as const)
    return !mayUse(
      stat.value,
      user,
      needed.reduce((sum, one) => sum | bits[one], 0),
    )
  })
}

/** Somebody else than root and the user may change what a path leads to: itself, a link, or a directory on the way to either. */
export interface Writable {
  /** That which may be changed. */
  readonly writable: string
  /** `user 1000`, `group 50` or `everybody`. */
  readonly by: string
  /** A group may be one of administrators, as Debian's `staff` is. */
  readonly isGroup: boolean
}

/** Who may change what the path leads to; whoever is not of a group first. undefined: none but root and the user. */
export function writableOn(view: RootView, path: string, user: EngineUser): Writable | undefined {
  const found: Writable[] = []
  for (const step of placesOn(view, path)) {
    const stat = view.lstat(step)
    if (!stat.ok) continue
    const isLink = stat.value.kind === "symlink"
    // Who owns a link may replace it only where names are their owners' alone.
    if (isLink && !isShared(view, parentPath(step))) continue
    const by = isLink ? strangerOf(stat.value, user) : writerOf(stat.value, user)
    if (by !== undefined) found.push({ writable: step, by, isGroup: by.startsWith("group ") })
  }
  return found.find(({ isGroup }) => !isGroup) ?? found[0]
}

/** Who may put a new file into a directory, also where he may take no other away. undefined: none but root and the user, or there is no directory. */
export function openToStrangers(view: RootView, directory: string, user: EngineUser): Writable | undefined {
  const stat = view.lstat(directory)
  if (!stat.ok || stat.value.kind !== "directory") return undefined
  if (!isOpenToAll(stat.value)) return writableOn(view, directory, user)
  const resolved = view.resolve(directory)
  return { writable: resolved.ok ? resolved.value : directory, by: "everybody", isGroup: false }
}

/** What decides where a path leads: the links on the way, where it ends, and the directories above them all. */
function placesOn(view: RootView, path: string): ReadonlySet<string> {
  const links: string[] = []
  const resolved = resolvePath(view, path, "all", (link) => links.push(link))
  return new Set([...links, ...(resolved.ok ? [resolved.value] : [])].flatMap(stepsTo))
}

const sticky = 0o1000

/** Of a directory: everybody may put names there, and take away their own. */
const isOpenToAll = ({ mode }: FileStat): boolean => (mode & 0o002) !== 0

/** Others than root may put names there. */
function isShared(view: RootView, directory: string): boolean {
  const stat = view.lstat(directory)
  return stat.ok && (isOpenToAll(stat.value) || ((stat.value.mode & 0o020) !== 0 && stat.value.gid !== 0))
}

const strangerOf = ({ uid }: FileStat, user: EngineUser): string | undefined =>
  uid !== 0 && uid !== user.uid ? `user ${uid}` : undefined

function writerOf(stat: FileStat, user: EngineUser): string | undefined {
  const { kind, mode, gid } = stat
  const stranger = strangerOf(stat, user)
  if (stranger !== undefined) return stranger
  // Nobody takes away what is another's in a sticky directory, and what is new there is not looked for.
  if (kind === "directory" && (mode & sticky) !== 0) return undefined
  if ((mode & 0o002) !== 0) return "everybody"
  return (mode & 0o020) !== 0 && gid !== 0 && !(user.uid !== 0 && user.gids.includes(gid))
    ? `group ${gid}`
    : undefined
}
