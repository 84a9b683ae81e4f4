/**
 * Whether a driver may yet come by itself to a machine that has a GPU, no module for it and none of a driver's libraries. Engines wait
 * for a specification at boot, and would wait a minute for nothing where no driver was ever installed. Whatever leaves it open means that it may:
 *   the kernel has a module of that name, which somebody is about to load, or nobody can say which it has
 *   the sources of one lie ready, which a service builds at boot for a kernel that is new (DKMS, akmods)
 *   a driver container has begun to prepare its place: it loads a module of its own. Before engines run it cannot begin
 * What comes later all the same shows: depmod writes, the module is loaded, the place is made (data/systemd, data/udev).
 * Source: depmod(8), dkms(8); the places of Fedora's akmods and of NVIDIA's driver container.
 */

import type { HostFiles } from "../host/host.ts"
import { readText } from "../inventory/proc-text.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName } from "../text/path.ts"

/** Whose coming is asked for. */
export interface SoughtDriver {
  /** Of a module's file: `nvidia.ko.zst`. */
  readonly isModule: (name: string) => boolean
  /** Of a directory of sources: `nvidia-550.163.01`. */
  readonly isSource: (name: string) => boolean
  /** Where driver containers begin. undefined: they have no place of their own. */
  readonly containersPlace: string | undefined
}

/** Debian's is `nvidia-current.ko`. */
const isNvidias = /^nvidia[^/]*\.ko\b/
/** Of the kernel's own, for other devices: its tree of 6.18. */
const otherModules = /^(?:nvidiafb|nvidia-wmi-ec-backlight|nvidia_cspmu)\.ko\b/

const nvidia: SoughtDriver = {
  isModule: (name) => isNvidias.test(name) && !otherModules.test(name),
  isSource: (name) => name.startsWith("nvidia"),
  containersPlace: "/run/nvidia",
}

/** By the modules' names: `amdgpu.ko.xz`, and sources in `amdgpu-6.8.5-2009582.22.04` or `intel-i915-dkms-1.23.10`. */
export const driverOfModules = (modules: readonly string[]): SoughtDriver => ({
  isModule: (name) => modules.some((module) => name === `${module}.ko` || name.startsWith(`${module}.ko.`)),
  isSource: (name) => name.split(/[^A-Za-z0-9]+/).some((word) => modules.includes(word)),
  containersPlace: undefined,
})

const sourceDirectories = ["/usr/src", "/usr/src/akmods", "/var/lib/dkms"]

export const canDriverCome = (
  host: Pick<HostFiles, "readFile" | "readDir" | "exists">,
  sought: SoughtDriver = nvidia,
): boolean =>
  hasModule(host, sought) ||
  sourceDirectories.some((path) => hasSource(host, path, sought)) ||
  (sought.containersPlace !== undefined && host.exists(hostPath(sought.containersPlace)))

/** Where it would show that one can come. */
export function driverPlaces(
  host: Pick<HostFiles, "readFile">,
  { containersPlace }: SoughtDriver = nvidia,
): readonly HostPath[] {
  const list = moduleList(host)
  const own = containersPlace === undefined ? [] : [containersPlace]
  return [...(list === undefined ? [] : [list]), ...sourceDirectories, ...own].map(hostPath)
}

function moduleList(host: Pick<HostFiles, "readFile">): string | undefined {
  const release = readText(host, "/proc/sys/kernel/osrelease")?.trim()
  return release === undefined || release === "" ? undefined : `/lib/modules/${release}/modules.dep`
}

function hasModule(host: Pick<HostFiles, "readFile">, { isModule }: SoughtDriver): boolean {
  const list = moduleList(host)
  const text = list === undefined ? undefined : readText(host, list)
  if (text === undefined) return true
  return text.split("\n").some((line) => isModule(baseName(line.slice(0, Math.max(line.indexOf(":"), 0)))))
}

function hasSource(host: Pick<HostFiles, "readDir">, path: string, { isSource }: SoughtDriver): boolean {
  const names = host.readDir(hostPath(path))
  return names.ok && names.value.some(isSource)
}
