/**
 * The file system that a file lies on, where the machine tells what it has mounted: one that is mounted noexec executes no program, as distributions
 * mount /run and hardening guides more; one that is read-only is so to everybody. Observed: runc 1.1.5 and 1.5.2 and crun 1.8.1 fail at a hook on
 * the first, whatever its mode. Source: proc_pid_mountinfo(5).
 */

export interface Mounted {
  /** The kernel's number of it. */
  readonly id: string
  /** The number of the mount that it lies in. */
  readonly parent: string
  /** Where it is mounted, in the namespace of who read the text. */
  readonly place: string
  readonly isNoexec: boolean
  /** The file system itself: a second mount of it, as a container's, cannot be written either. One of the mount alone can. */
  readonly isReadOnly: boolean
}

/** What is no line of a mount becomes one whose place is empty, in which nothing lies. Order: as written. */
export const parseMounts = (mountinfo: string): readonly Mounted[] => mountinfo.split("\n").map(parseMount)

/** The mount that a path lies on. undefined: nobody knows. `path`: absolute, without links. */
export function mountAt(mounts: readonly Mounted[], path: string): Mounted | undefined {
  // Also those that another mount hides.
  const over = mounts.filter(({ place }) => isWithin(path, place))
  const ids = new Set(over.map(({ id }) => id))
  const isFirst = ({ id, parent }: Mounted): boolean => parent === id || !ids.has(parent)
  let at: Mounted | undefined
  // As the kernel walks: what was mounted over a place hides what had been mounted below it.
  for (const _ of over) {
    const inside = over.filter((one) =>
      at === undefined ? isFirst(one) : one !== at && one.parent === at.id,
    )
    const next = inside.sort((one, other) => one.place.length - other.place.length)[0]
    if (next === undefined) return at
    at = next
  }
  return at
}

/** Number, parent, device, root, mount point, options, …, and behind a dash type, source and the file system's own options. */
function parseMount(line: string): Mounted {
  const [mount = "", system = ""] = line.split(" - ")
  const [id = "", parent = "", , , place = "", options = ""] = mount.split(" ")
  return {
    id,
    parent,
    place: place.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
    isNoexec: options.split(",").includes("noexec"),
    isReadOnly: system.split(" ").at(-1)?.split(",").includes("ro") === true,
  }
}

const isWithin = (path: string, place: string): boolean =>
  place === "/" || (place !== "" && (path === place || path.startsWith(`${place}/`)))
