/**
 * What nvidia-container-cli checks before it looks for devices: the user of its helper process, the driver root, the driver, the loader
 * cache. Ours has no helper process and no need of a loader cache; what was said in vain is refused all the same.
 * Source: facts, nvidia-container-cli §1.2, §1.6; observed on nvidia-container-cli 1.17.
 */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import { observeUserSpaceVersion } from "../driver/observe-driver.ts"
import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Host } from "../host/host.ts"
import { resolvePath } from "../host/resolve-path.ts"
import { viewRoot } from "../host/root-view.ts"
import { readText } from "../inventory/proc-text.ts"
import { parseLdcache } from "../ldcache/parse-ldcache.ts"
import type { CliGiven } from "../request/cli-call.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { cleanPath } from "../text/path.ts"

/** As much as the search for libraries reads: a recording answers only questions that were asked. Units: bytes. */
const cacheLimit = 16 * 1024 * 1024
const idLimit = 0xffffffff

/** Where the command line says that the driver lies. */
export interface CliPlaces {
  readonly driverRoot: HostPath
  readonly ldcache: string
  /** Ours needs no cache; one that somebody named, and that is none, is a mistake all the same. */
  readonly isLdcacheNamed: boolean
}

const defaultLdcache = "/etc/ld.so.cache"

/** Faults: LdcacheUnusable, DriverRootUnusable. */
export function parseCliPlaces(global: CliGiven): Result<CliPlaces> {
  const last = (name: string): string | undefined => global.get(name)?.at(-1)
  const ldcache = last("ldcache")
  if (ldcache === "")
    return fail(fault("LdcacheUnusable", { path: hostPath(""), step: "open", errno: "EINVAL" }))
  const root = parseCliRoot(last("root") ?? "/")
  if (!root.ok) return root
  return ok({
    driverRoot: root.value,
    ldcache: ldcache ?? defaultLdcache,
    isLdcacheNamed: ldcache !== undefined,
  })
}

/** Users that were named; without a value whoever calls is meant. Faults: CliUserInvalid. */
export function checkCliUsers(host: Host, global: CliGiven): Result<undefined> {
  for (const user of global.get("user") ?? []) {
    const checked = user === "" ? ok(undefined) : checkCliUser(host, user)
    if (!checked.ok) return checked
  }
  return ok(undefined)
}

/** `UID`, `UID:GID`, names in the places of numbers; a user alone must be somebody, whose group is taken. Faults: CliUserInvalid. */
export function checkCliUser(host: Host, user: string): Result<undefined> {
  const wrong = (errno: "EINVAL" | "ERANGE" | "ENOENT"): Result<never> =>
    fail(fault("CliUserInvalid", { user, errno }))
  const colon = user.indexOf(":")
  const [owner, group] = colon === -1 ? [user, ""] : [user.slice(0, colon), user.slice(colon + 1)]
  for (const [name, file] of [
    [owner, "passwd"],
    [group, "group"],
  ] as const) {
    const id = parseId(name)
    if (id === "EINVAL" || id === "ERANGE") return wrong(id)
    const isNeeded = file === "passwd" ? id === undefined || group === "" : id === undefined && group !== ""
    if (isNeeded && !mayExist(host, file, id ?? name)) return wrong("ENOENT")
  }
  return ok(undefined)
}

/** undefined: the text does not begin like a number, and is a name. */
function parseId(text: string): number | "EINVAL" | "ERANGE" | undefined {
  const [, sign, digits, rest] = /^\s*([+-]?)(\d+)(.*)$/s.exec(text) ?? []
  if (digits === undefined) return undefined
  if (rest !== "") return "EINVAL"
  const id = Number(digits)
  return id > idLimit || (sign === "-" && id > 0) ? "ERANGE" : id
}

/** Sources of users whose answers stand in the machine's files, or are of no account. */
const fileSources = ["files", "compat", "systemd"]

/** Whether the machine can have such a user or group: files that cannot be read, and directories beside them, leave that open. */
function mayExist(host: Host, file: "passwd" | "group", wanted: string | number): boolean {
  if (wanted === "") return false
  const text = readText(host, `/etc/${file}`)
  if (text === undefined) return true
  const column = typeof wanted === "number" ? 2 : 0
  if (text.split("\n").some((line) => line.split(":")[column] === String(wanted))) return true
  const [, sources = "files"] =
    new RegExp(`^${file}:([^#\\n]*)`, "m").exec(readText(host, "/etc/nsswitch.conf") ?? "") ?? []
  return (sources.match(/[a-z]+/g) ?? []).some((source) => !fileSources.includes(source))
}

/** The driver root, cleaned. Faults: DriverRootUnusable. */
function parseCliRoot(driverRoot: string): Result<HostPath> {
  if (driverRoot.startsWith("/")) return ok(hostPath(cleanPath(driverRoot)))
  return fail(fault("DriverRootUnusable", { driverRoot, errno: driverRoot === "" ? "EINVAL" : "ENOENT" }))
}

/**
 * Why nothing of a driver is below a root. Where something is, the root needs no proof: a recording may hold the driver's files,
 * and never have been asked about the directory. Faults: DriverRootUnusable.
 */
export function checkCliRoot(host: Host, driverRoot: HostPath): Result<undefined> {
  const wrong = (errno: string): Result<never> => fail(fault("DriverRootUnusable", { driverRoot, errno }))
  if (driverRoot === "/") return ok(undefined)
  const resolved = resolvePath(
    { lstat: (path) => host.lstat(hostPath(path)), readLink: (path) => host.readLink(hostPath(path)) },
    driverRoot,
    "all",
  )
  const stat = resolved.ok ? host.lstat(resolved.value) : resolved
  if (!stat.ok) return wrong(errnoOf(stat))
  return stat.value.kind === "directory" ? ok(undefined) : wrong("ENOTDIR")
}

const errnoOf = ({ fault: { tag, data } }: Extract<Result<unknown>, { readonly ok: false }>): string =>
  tag === "HostReadFailed" ? data.errno : "EIO"

/** The driver, or why there is none that could be used. Faults: those of its findings, DriverRootUnusable, DriverAbsent, DriverNotLoaded. */
export function checkCliDriver(
  host: Host,
  driver: DriverCatalogue | undefined,
  { driverRoot, ldcache }: Pick<CliPlaces, "driverRoot" | "ldcache">,
): Result<DriverCatalogue> {
  if (driver === undefined || driver.libraries.length === 0) {
    const root = checkCliRoot(host, driverRoot)
    if (!root.ok) return root
  }
  const { name } = host.provenance
  if (driver === undefined)
    return observeUserSpaceVersion(host, driverRoot, ldcache) === undefined
      ? fail(fault("DriverAbsent", { host: name, driverRoot }))
      : fail(fault("DriverNotLoaded", { host: name }))
  const broken = driver.findings.find(({ severity }) => severity === "error")
  return broken === undefined ? ok(driver) : fail(broken.fault.cause ?? broken.fault)
}

/** Of a cache that somebody named. Faults: LdcacheUnusable. */
export function checkCliLdcache(
  host: Host,
  { driverRoot, ldcache, isLdcacheNamed }: CliPlaces,
): Result<undefined> {
  if (!isLdcacheNamed) return ok(undefined)
  const wrong = (path: HostPath, step: "open" | "map" | "parse", errno: string): Result<never> =>
    fail(fault("LdcacheUnusable", { path, step, errno }))
  const view = viewRoot(host, driverRoot)
  const resolved = view.resolve(ldcache)
  if (!resolved.ok) return wrong(view.outside(ldcache), "open", errnoOf(resolved))
  const path = view.outside(resolved.value)
  const content = host.readFile(path, { offsetBytes: 0, lengthBytes: cacheLimit })
  if (!content.ok) {
    const stat = host.lstat(path)
    return stat.ok && stat.value.kind !== "file"
      ? wrong(path, "map", "ENODEV")
      : wrong(path, "open", errnoOf(content))
  }
  if (content.value.length === 0) return wrong(path, "map", "EINVAL")
  return parseLdcache(content.value).ok ? ok(undefined) : wrong(path, "parse", "EINVAL")
}
