/** Libraries of a listed machine and the loader cache that names them: real ELF files, with what the links beside them say. */

import { renderElf } from "../../core/elf/render-elf.ts"
import { flagsOf, type LdcacheEntry } from "../../core/ldcache/ldcache.ts"
import { renderLdcache } from "../../core/ldcache/render-ldcache.ts"
import { baseName, joinPath, parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { notedLibraries, simulatedLibraries, stubFunction } from "./libraries.ts"
import type { ListedIndex, ListedMachine } from "./listed-index.ts"
import type { ListedEntry } from "./listing.ts"

const machineOf = (path: string): "aarch64" | "i386" | "x86-64" => {
  if (/\/i[36]86-linux-gnu\/|\/lib32\//.test(path)) return "i386"
  return path.includes("aarch64") ? "aarch64" : "x86-64"
}

export function libraryOf(path: string, { driverVersion }: ListedMachine, index: ListedIndex): Uint8Array {
  const name = baseName(path)
  const stem = stemOf(name)
  const abi = Object.hasOwn(notedLibraries, stem) ? notedLibraries[stem] : undefined
  const known = simulatedLibraries.find((one) => one.stem === stem)
  const needed = (known?.needed ?? [])
    .map((one) => `${one}.so.${driverVersion}`)
    .filter((one) => name.endsWith(driverVersion) && index.names.has(one))
  return renderElf({
    machine: machineOf(path),
    soname: sonameOf(path, index),
    needed,
    ...stubFunction(stem),
    ...(abi === undefined ? {} : { abi }),
  })
}

/**
 * The link beside it that ends in one number is what programs ask for. Where the library has others of other names (libGLX_indirect is
 * libGLX_nvidia), its own name is meant: the loader's cache has no room for a SONAME of another name.
 */
function sonameOf(path: string, { links }: ListedIndex): string {
  const name = baseName(path)
  const numbered = links.get(path)?.filter((link) => /\.so\.\d+$/.test(link)) ?? []
  return numbered.find((link) => stemOf(link) === stemOf(name)) ?? name
}

/** As many as the kernel follows. */
const linkLimit = 40

const stemOf = (name: string): string => name.replace(/\.so.*$/, "")

/** Below a driver's root the cache names what lies there, as seen from inside. `root`: empty, or an absolute path. */
export function cacheOf(
  { entries }: ListedMachine,
  index: ListedIndex,
  { root, sizeBytes }: { readonly root: string; readonly sizeBytes: number },
): Uint8Array {
  const targetOf = ({ path, target }: Extract<ListedEntry, { readonly kind: "link" }>): string =>
    target.startsWith("/") ? `${root}${target}` : joinPath(parentPath(path), target)
  const targets = new Map(
    entries.flatMap((entry) => (entry.kind === "link" ? [[entry.path, targetOf(entry)] as const] : [])),
  )
  /** ldconfig takes links to a library under its own name, and passes over others (libGLX_indirect). */
  const isCachedLink = (path: string): boolean => {
    let end = path
    for (let hops = 0; hops < linkLimit; hops++) end = targets.get(end) ?? end
    return stemOf(baseName(end)) === stemOf(baseName(path))
  }
  const cached: LdcacheEntry[] = entries.flatMap((entry): readonly LdcacheEntry[] => {
    if (!entry.path.startsWith(`${root}/`)) return []
    const path = entry.path.slice(root.length)
    const isCached =
      (entry.kind === "file" || entry.kind === "link") &&
      /^\/usr\/lib(64)?(\/[^/]*linux-gnu)?(\/nvidia\/current)?\/lib[^/]*\.so(\.[\d.]+)?$/.test(path) &&
      (entry.kind === "link"
        ? isCachedLink(entry.path)
        : sonameOf(entry.path, index) === baseName(entry.path))
    const flags = flagsOf[machineOf(entry.path)]
    return isCached ? [{ soname: baseName(path), path, flags, osVersion: 0, hwcap: 0n }] : []
  })
  // An entry takes more than 32 bytes: what cannot fit is not tried one by one.
  cached.length = Math.min(cached.length, Math.floor(sizeBytes / 32))
  for (;;) {
    const bytes = renderLdcache({ entries: cached, hwcapNames: [], extensions: [] })
    if (bytes.length <= sizeBytes) return bytes
    if (cached.length === 0) return encodeUtf8("")
    cached.length -= Math.max(1, Math.floor(((bytes.length - sizeBytes) / bytes.length) * cached.length))
  }
}
