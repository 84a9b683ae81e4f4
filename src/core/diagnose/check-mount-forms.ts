/** Mounts of specifications that runtimes refuse by their form, whatever lies on the machine. Source: mount(2); runc. */

import type { Mount } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { cleanPath } from "../text/path.ts"
import { found, groupUses, otherPlaces, placeOf, type Use } from "./cdi-subject.ts"

/** What a runtime cannot mount, whatever lies there. Source: mount(2); runc takes a mount for a bind by its options alone. */
export function checkMountForms(mounts: readonly Use<Mount>[]): readonly Finding[] {
  const inProc = groupUses(
    mounts.filter(({ item }) => isRefusedByRunc(item)),
    ({ containerPath }) => containerPath,
  ).map(([containerPath, uses]) =>
    found(
      "warning",
      fault("CdiMountUnusable", {
        place: placeOf(uses[0]),
        containerPath,
        problem: "runc mounts nothing inside /proc",
      }),
      ...otherPlaces(uses),
    ),
  )
  return [...inProc, ...badForms(mounts)]
}

function badForms(mounts: readonly Use<Mount>[]): readonly Finding[] {
  return groupUses(mounts, (mount) => formProblem(mount) ?? "").flatMap(([problem, uses]) =>
    problem === ""
      ? []
      : [
          found(
            "error",
            fault("CdiMountUnusable", {
              place: placeOf(uses[0]),
              containerPath: uses[0].item.containerPath,
              problem,
            }),
            ...otherPlaces(uses),
          ),
        ],
  )
}

function formProblem({ containerPath, type, options }: Mount): string | undefined {
  if (cleanPath(containerPath) === "/") return "it would lie over the container's root"
  const isBound = options.some((option) => /^r?bind$/.test(option))
  if (isBound) return undefined
  if (type === "") return "it has neither a type nor the option bind or rbind"
  return type === "bind" || type === "none"
    ? `its type is ${type}, and none of its options is bind or rbind, by which runtimes go`
    : undefined
}

/** What lies over these is the kernel's business alone; a few files are let through. Source: runc's checkProcMount. */
const procPlaces =
  /^\/proc\/(?:cpuinfo|diskstats|loadavg|meminfo|slabinfo|stat|swaps|uptime|sys\/kernel\/ns_last_pid|sys\/crypto\/fips_enabled)$/

const isRefusedByRunc = ({ containerPath }: Mount): boolean => {
  const path = cleanPath(containerPath)
  return path.startsWith("/proc/") && !procPlaces.test(path)
}
