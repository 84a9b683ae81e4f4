/**
 * Whether a program lies where the machine executes none: on a file system that is mounted noexec, as distributions mount /run and hardening guides
 * more. Observed: runc 1.1.5 and 1.5.2 and crun 1.8.1 fail at such a hook, whatever its mode. Source: proc_pid_mountinfo(5).
 */

interface Mounted {
  readonly place: string
  readonly isNoexec: boolean
}

/** The place of the mount; undefined: it may be executed. `path`: without links. */
export function mountedNoexec(mountinfo: string, path: string): string | undefined {
  const over = mountinfo
    .split("\n")
    .map(parseMount)
    .filter(({ place }) => isWithin(path, place))
  // Of two in one place the later covers the earlier.
  const nearest = over.reduce<Mounted | undefined>(
    (best, one) => (best === undefined || one.place.length >= best.place.length ? one : best),
    undefined,
  )
  return nearest?.isNoexec === true ? nearest.place : undefined
}

/** Number, parent, device, root, mount point, options. A line that is none is a mount of nothing. */
function parseMount(line: string): Mounted {
  const [, , , , place = "", options = ""] = line.split(" ")
  return {
    place: place.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
    isNoexec: options.split(",").includes("noexec"),
  }
}

const isWithin = (path: string, place: string): boolean =>
  place === "/" || (place !== "" && (path === place || path.startsWith(`${place}/`)))
