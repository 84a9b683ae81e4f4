/**
 * Finds the driver's files on a machine: through the driver root's ld.so.cache and the usual directories, by name with the
 * kernel module's version, then by what the ELF header says. Only names that can match are looked at.
 */

import { parseElfFrom } from "../elf/parse-elf.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { parseLdcache } from "../ldcache/parse-ldcache.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName, joinPath, parentPath } from "../text/path.ts"
import type { DriverCapability } from "./capability.ts"
import type { DriverBinary, DriverCatalogue, DriverLibrary } from "./catalogue.ts"
import { binariesOf, librariesOf } from "./files.ts"

export interface DriverPlace {
  /** Where the driver's tree lies on the machine: `/`, `/run/nvidia/driver`. */
  readonly driverRoot: HostPath
  /** Of the loaded kernel module; the files must match it. */
  readonly version: string
  /** The loader cache inside the driver root. */
  readonly ldcache: string
}

const usualDirectories = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu/nvidia/current",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu/nvidia/current",
  "/usr/lib64",
  "/usr/lib64/nvidia",
  "/usr/lib",
]
const binaryDirectories = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"]

export function observeDriver(host: Host, place: DriverPlace): DriverCatalogue {
  const findings: Finding[] = []
  const directories = observeDirectories(host, place)
  const libraries: DriverLibrary[] = []
  for (const [stem, capabilities] of byName(librariesOf)) {
    const found = findLibrary(host, place, directories, stem)
    if (found === undefined) continue
    libraries.push({ ...found, capabilities })
  }
  if (!libraries.some(({ path }) => baseName(path).startsWith("libnvidia-ml.so.")))
    findings.push({
      severity: "error",
      fault: fault("DriverLibraryMissing", {
        name: `libnvidia-ml.so.${place.version}`,
        driverRoot: place.driverRoot,
      }),
      evidence: directories.map((directory) => `${directory}: absent`),
    })
  const binaries: DriverBinary[] = []
  for (const [name, capabilities] of byName(binariesOf)) {
    const path = binaryDirectories
      .map((directory) => within(place, `${directory}/${name}`))
      .find((candidate) => isFile(host, candidate))
    if (path !== undefined) binaries.push({ path, capabilities })
  }
  const firmwareDirectory = within(place, `/lib/firmware/nvidia/${place.version}`)
  const names = host.readDir(firmwareDirectory)
  const firmware = names.ok
    ? names.value
        .filter((name) => /^gsp.*\.bin$/.test(name))
        .map((name) => hostPath(`${firmwareDirectory}/${name}`))
    : []
  const searched = [
    place.ldcache,
    ...new Set([...directories, ...usualDirectories]),
    ...binaryDirectories,
  ].map((path) => within(place, path))
  return {
    version: place.version,
    driverRoot: place.driverRoot,
    libraries,
    binaries,
    firmware,
    searched: [...searched, firmwareDirectory],
    findings,
  }
}

/** File name → every capability that brings it, in the order of the table. */
function byName(
  table: Readonly<Partial<Record<DriverCapability, readonly string[]>>>,
): ReadonlyMap<string, readonly DriverCapability[]> {
  const found = new Map<string, DriverCapability[]>()
  for (const [capability, names] of Object.entries(table))
    for (const name of names)
      found.set(name, [...(found.get(name) ?? []), capability as DriverCapability].sort())
  return found
}

const within = (place: DriverPlace, path: string): HostPath => hostPath(joinPath(place.driverRoot, path))

/** Where the cache has driver libraries, then the usual places that exist. */
function observeDirectories(host: Host, place: DriverPlace): readonly string[] {
  const directories = new Set<string>()
  const cache = host.readFile(within(place, place.ldcache))
  const parsed = cache.ok ? parseLdcache(cache.value) : undefined
  if (parsed?.ok === true)
    for (const { soname, path } of parsed.value.entries)
      if (soname.startsWith("libnvidia-") || soname.startsWith("libcuda.so"))
        directories.add(parentPath(path))
  for (const directory of usualDirectories)
    if (host.exists(within(place, directory))) directories.add(directory)
  return [...directories]
}

function findLibrary(
  host: Host,
  place: DriverPlace,
  directories: readonly string[],
  stem: string,
): Omit<DriverLibrary, "capabilities"> | undefined {
  const name = `${stem}.so.${place.version}`
  for (const directory of directories)
    for (const candidate of [`${directory}/${name}`, `${directory}/vdpau/${name}`]) {
      const path = within(place, candidate)
      if (!isFile(host, path)) continue
      const elf = parseElfFrom((offsetBytes, lengthBytes) => {
        const bytes = host.readFile(path, { offsetBytes, lengthBytes })
        return bytes.ok ? bytes.value : new Uint8Array()
      })
      if (!elf.ok || elf.value.bits !== 64) continue
      return { path, soname: elf.value.soname ?? name, bits: 64, machine: elf.value.machine }
    }
  return undefined
}

function isFile(host: Host, path: HostPath): boolean {
  const stat = host.lstat(path)
  return stat.ok && stat.value.kind === "file"
}
