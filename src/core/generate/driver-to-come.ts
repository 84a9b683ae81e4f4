/**
 * Whether a driver may yet come by itself to a machine that has a GPU of NVIDIA's, no module for it and none of a driver's libraries. Engines wait
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

/** `nvidia.ko.zst`, Debian's `nvidia-current.ko`. */
const isModule = /^nvidia[^/]*\.ko\b/
/** Of the kernel's own, for other devices: its tree of 6.18. */
const otherModules = /^(?:nvidiafb|nvidia-wmi-ec-backlight|nvidia_cspmu)\.ko\b/
const sourceDirectories = ["/usr/src", "/usr/src/akmods", "/var/lib/dkms"]
const containersPlace = "/run/nvidia"

export const canDriverCome = (host: Pick<HostFiles, "readFile" | "readDir" | "exists">): boolean =>
  hasModule(host) ||
  sourceDirectories.some((path) => hasSource(host, path)) ||
  host.exists(hostPath(containersPlace))

/** Where it would show that one can come. */
export function driverPlaces(host: Pick<HostFiles, "readFile">): readonly HostPath[] {
  const list = moduleList(host)
  return [...(list === undefined ? [] : [list]), ...sourceDirectories, containersPlace].map(hostPath)
}

function moduleList(host: Pick<HostFiles, "readFile">): string | undefined {
  const release = readText(host, "/proc/sys/kernel/osrelease")?.trim()
  return release === undefined || release === "" ? undefined : `/lib/modules/${release}/modules.dep`
}

function hasModule(host: Pick<HostFiles, "readFile">): boolean {
  const list = moduleList(host)
  const text = list === undefined ? undefined : readText(host, list)
  if (text === undefined) return true
  return text.split("\n").some((line) => {
    const name = baseName(line.slice(0, Math.max(line.indexOf(":"), 0)))
    return isModule.test(name) && !otherModules.test(name)
  })
}

function hasSource(host: Pick<HostFiles, "readDir">, path: string): boolean {
  const names = host.readDir(hostPath(path))
  return names.ok && names.value.some((name) => name.startsWith("nvidia"))
}
