/** Libraries by names that are none of the driver's by themselves: what an administrator wants given beside. */

import type { Finding } from "../fault/finding.ts"
import type { RootView } from "../host/root-view.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import type { DriverLibrary, FileLink } from "./catalogue.ts"
import { rememberListings } from "./library-listing.ts"
import { newestGlibc, readLibrary } from "./read-library.ts"

/** From the first directory that has each. Order: as named. */
export function observeNamedLibraries(
  view: RootView,
  directories: readonly HostPath[],
  names: readonly string[],
  findings: Finding[],
): readonly DriverLibrary[] {
  const list = rememberListings(view)
  return names.flatMap((name): readonly DriverLibrary[] => {
    const directory = directories.find((one) => view.exists(`${one}/${name}`))
    const found =
      directory === undefined
        ? undefined
        : readLibrary(view, hostPath(`${directory}/${name}`), list, findings)
    if (found === undefined) return []
    const { rootPath, elf } = found
    return [
      {
        path: view.outside(rootPath),
        rootPath,
        soname: elf.soname ?? baseName(rootPath),
        bits: elf.bits,
        machine: elf.machine,
        glibc: newestGlibc(elf),
        capabilities: [],
        reasons: [{ kind: "named" }],
        links: chainTo(view, hostPath(`${directory}/${name}`), rootPath),
      },
    ]
  })
}

/** The link that was named, and those behind it, in the directory of the file. */
function chainTo(view: RootView, named: HostPath, file: HostPath): readonly FileLink[] {
  const links: FileLink[] = []
  for (let at = named; at !== file && links.length < chainLimit; ) {
    const target = view.readLink(at)
    if (!target.ok || target.value.includes("/")) break
    links.push({ path: at, target: target.value })
    at = hostPath(`${parentPath(at)}/${target.value}`)
  }
  return links
}

/** As many links as the kernel follows. */
const chainLimit = 40
