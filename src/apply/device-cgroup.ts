/**
 * Gives a container's cgroup permission for devices: `devices.allow` where the v1 controller manages it, a BPF program on v2.
 * A hybrid machine has both mounted; the v1 controller decides there.
 */

import { readFileSync, writeFileSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { CgroupRuleEdit } from "../core/plan/edit.ts"
import { joinPath } from "../core/text/path.ts"
import { errnoOf } from "../linux/checked.ts"
import { allowDevices } from "../linux/device-program.ts"
import type { AppliedContainer } from "./applied-container.ts"

export interface CgroupPlace {
  readonly version: 1 | 2
  readonly directory: string
  /** Its path in the hierarchy. */
  readonly cgroup: string
}

/**
 * To be called in the host's mount namespace. What may be lost later is a finding.
 * Faults: CgroupNotFound, DeviceRulesRefused, SystemCallFailed, DeviceProgramUnreadable.
 */
export function applyDeviceRules(
  { pid, processPath }: AppliedContainer,
  rules: readonly CgroupRuleEdit[],
): Result<readonly Finding[]> {
  if (rules.length === 0) return ok([])
  const place = findDeviceCgroup(
    readFileSync(`${processPath}/cgroup`, "utf8"),
    readFileSync("/proc/self/mountinfo", "utf8"),
  )
  if (place === undefined) return fail(fault("CgroupNotFound", { pid: String(pid) }))
  const { directory, cgroup } = place
  const allowed = (place.version === 2 ? allowDevices : allowOnV1)(directory, rules)
  if (allowed.ok) return ok(isManagedBySystemd(cgroup) ? [forgotten(cgroup)] : [])
  const errno = errnoOf(allowed)
  return errno === "EPERM" || errno === "EACCES"
    ? fail(fault("DeviceRulesRefused", { cgroup }, allowed.fault))
    : allowed
}

/** The cgroup of a unit itself, or the one that crun makes in it. Source: systemd.scope(5); the cgroup driver `systemd` of runc and crun. */
export const isManagedBySystemd = (cgroup: string): boolean => /\.(scope|service)(\/container)?$/.test(cgroup)

const forgotten = (cgroup: string): Finding => ({
  severity: "warning",
  fault: fault("DeviceRulesForgotten", { cgroup }),
  evidence: [cgroup],
})

function allowOnV1(directory: string, rules: readonly CgroupRuleEdit[]): Result<true> {
  const file = `${directory}/devices.allow`
  for (const { major, minor, access } of rules) {
    try {
      // The kernel takes one rule a write.
      writeFileSync(file, `c ${major}:${minor} ${access}`)
    } catch (error) {
      const errno = (error as { readonly code?: string }).code ?? "EIO"
      return fail(fault("SystemCallFailed", { syscall: "write", target: file, errno }))
    }
  }
  return ok(true)
}

/** Pure: from /proc/PID/cgroup and mountinfo to the directory that holds the container's device rules. */
export function findDeviceCgroup(cgroups: string, mountinfo: string): CgroupPlace | undefined {
  const lines = cgroups.split("\n").map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
  const controller = lines.find((match) => match?.[1]?.split(",").includes("devices"))?.[2]
  const unified = lines.find((match) => match?.[1] === "")?.[2]
  // The kernel lists a v1 controller also where nobody mounted it: then the unified hierarchy decides.
  return findMounted(1, controller, mountinfo) ?? findMounted(2, unified, mountinfo)
}

function findMounted(version: 1 | 2, path: string | undefined, mountinfo: string): CgroupPlace | undefined {
  if (path === undefined) return undefined
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ")
    const [, , , mountRoot = "", mountPoint = ""] = left.split(" ")
    const [type = "", , options = ""] = right.split(" ")
    if (type !== (version === 1 ? "cgroup" : "cgroup2") || mountRoot.startsWith("/..")) continue
    if (version === 1 && !options.split(",").includes("devices")) continue
    const isBelow = path === mountRoot || path.startsWith(`${mountRoot}/`)
    const inside = mountRoot !== "/" && isBelow ? path.slice(mountRoot.length) : path
    return { version, directory: joinPath(unescapeMountinfo(mountPoint), inside), cgroup: path }
  }
  return undefined
}

/** Blanks and backslashes stand as octal in mountinfo. */
const unescapeMountinfo = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
