/**
 * What a machine still lacks before a specification of it is whole. After boot a driver comes piece by piece: its module, the nodes, the
 * other modules, the persistence daemon. A specification that was made in between lacks what came later, and nobody notices until a
 * container does (facts, users D2).
 */

import type { Finding } from "../fault/finding.ts"
import { mayPass } from "../fault/may-pass.ts"
import type { Absence } from "../inventory/find-absence.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"

export interface Unready {
  /** As a sentence's object: `the kernel module nvidia-uvm`. */
  readonly what: string
  /**
   * `vital`: without it no specification is published. `awaited`: for a while, since many machines never have it. `later`: a moment changes
   * nothing, and nothing is held up by it.
   */
  readonly urgency: "vital" | "awaited" | "later"
  /** No file will show that it came: the machine is looked at again after so long, changed or not. Units: milliseconds. */
  readonly againMs?: number
}

/** Above the five minutes for which NVML's failure is remembered. Without the persistence daemon each asking starts every GPU. Units: milliseconds. */
const askAgainMs = 330_000

/** Units: milliseconds. */
const readAgainMs = 30_000

/** Only for showing, which is no use on the way of containers. */
const modesetName = "nvidia-modeset"

/**
 * A GPU that another driver has, or none at all, brings no specification however long one waits. Nor do a driver's files alone, which images for
 * machines with and without GPUs have; of boards and of Windows no bus and no module tell.
 */
export const isDriverExpected = ({ inventory, driver }: HostSnapshot): boolean =>
  inventory.kernelModuleVersion !== undefined ||
  (driver !== undefined && inventory.platform !== "native") ||
  inventory.findings.some(({ fault: { tag, data } }) => tag === "GpuUndriven" && data.driver === undefined)

const readable = (path: string): string => `a readable ${path}`

/** What a specification that is made now would lack only because it could not be read just now. Order: as looked at. */
export const findUnreadIn = (findings: readonly Finding[]): readonly Unready[] =>
  findings.flatMap(({ fault: one }) =>
    one.tag === "HostReadFailed" && mayPass(one)
      ? [{ what: readable(one.data.path), urgency: "awaited", againMs: readAgainMs }]
      : [],
  )

/** The same of NVIDIA's GPUs and their driver. */
export const findUnreadFiles = ({ inventory, driver }: HostSnapshot): readonly Unready[] =>
  findUnreadIn([...inventory.findings, ...(driver?.findings ?? [])])

/** `absence`: of the same machine, with everything that its driver could have. Order: as a driver comes up. */
export function findUnready(snapshot: HostSnapshot, absence: Absence): readonly Unready[] {
  const { inventory, driver } = snapshot
  const modules = absence.modules.map(
    (module): Unready => ({
      what: `the kernel module ${module}`,
      urgency: module === modesetName ? "awaited" : "vital",
    }),
  )
  if (driver === undefined)
    return modules.length > 0 ? modules : [{ what: "a driver that is loaded", urgency: "vital" }]
  /** Of these nobody knows that they are not there. */
  const unread = new Set<string>(
    inventory.findings.flatMap(({ fault: { tag, data, cause } }) =>
      tag === "DeviceNodeMissing" && cause !== undefined ? [data.path] : [],
    ),
  )
  const nodes = absence.nodes.map(
    ({ path, major, minor }): Unready => ({
      what: unread.has(path) ? readable(path) : `${path} (${major}:${minor})`,
      urgency: path === `/dev/${modesetName}` ? "awaited" : "vital",
    }),
  )
  const absentPaths = new Set<string>(absence.nodes.map(({ path }) => path))
  const others = inventory.findings.flatMap(({ severity, fault: { tag, data } }): readonly Unready[] => {
    if (tag === "DeviceNodeMissing" && severity === "error")
      return absentPaths.has(data.path)
        ? []
        : [{ what: unread.has(data.path) ? readable(data.path) : data.path, urgency: "vital" }]
    if (tag === "SocketDead") return [{ what: `a listener at ${data.path}`, urgency: "awaited" }]
    // A child that hung in the driver or died there would do so again, and one that hangs cannot be killed.
    if (tag === "NvmlUnavailable" && (data.step === "initialise" || data.step === "ask"))
      return [{ what: "an answer of NVML", urgency: "later", againMs: askAgainMs }]
    if (tag === "NvmlGpuFailed")
      return [{ what: `an answer of NVML for GPU ${data.index}`, urgency: "later", againMs: askAgainMs }]
    return tag === "GpuUuidUnknown"
      ? [{ what: `the UUID of GPU ${data.pciAddress}`, urgency: "awaited" }]
      : []
  })
  const files = driver.findings.flatMap(({ severity, fault: { tag, data } }): readonly Unready[] => {
    // A package manager writes libraries one after the other. Without this one no CUDA program runs; others many machines never have.
    if (tag === "DriverFileUnusable") return [{ what: `a usable ${data.path}`, urgency: "awaited" }]
    if (tag === "DriverFileMissing" && data.name.startsWith("libcuda.so."))
      return [{ what: data.name, urgency: "vital" }]
    if (severity !== "error") return []
    if (tag === "DriverVersionMismatch")
      return [{ what: `libraries of driver ${data.kernel}`, urgency: "vital" }]
    return [{ what: tag === "DriverLibraryMissing" ? data.name : tag, urgency: "vital" }]
  })
  const found = [...modules, ...nodes, ...others, ...files]
  const told = new Set(found.map(({ what }) => what))
  return [...found, ...findUnreadFiles(snapshot).filter(({ what }) => !told.has(what))]
}
