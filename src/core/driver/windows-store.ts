/**
 * WSL: the part of the Windows driver's store that holds CUDA, and the door to the host's graphics. After an upgrade Windows keeps the old
 * driver's directory beside the new one's, and a container with files of both has neither. Which one is in use only the door itself would
 * tell, which is loaded nowhere here; so it is told by files:
 *   the directory of which Windows has copied the most files to /usr/lib/wsl/lib, under their names or a loader's under its library's
 *   of those that are alike, that of the later driver, as its INF file says
 *   else the first by name
 * Source: facts, toolkit §5.6; Microsoft's documentation of INF files, "INF Version Section" (DriverVer).
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fileAt, isFile } from "../host/file-at.ts"
import type { Host } from "../host/host.ts"
import type { RootView } from "../host/root-view.ts"
import { observeNode } from "../inventory/observe-node.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { decodeByteCharacters } from "../text/utf8.ts"
import { compareVersions } from "../text/version.ts"

const copies = "/usr/lib/wsl/lib"
const drivers = "/usr/lib/wsl/drivers"
const door = `${copies}/libdxcore.so`

/** Two files of one size are compared so far: a library's head tells its build. Units: bytes. */
const headBytes = 64 * 1024

export interface WindowsFiles {
  readonly files: readonly HostPath[]
  readonly searched: readonly HostPath[]
  readonly findings: readonly Finding[]
}

/** A directory of the store. */
interface Store {
  readonly directory: string
  readonly names: readonly string[]
}

export function observeWindowsFiles(host: Host, view: RootView): WindowsFiles {
  if (observeNode(host, "/dev/dxg") === undefined) return { files: [], searched: [], findings: [] }
  const searched = new Set([drivers, door])
  const namesIn = (directory: string): readonly string[] => {
    searched.add(directory)
    const found = view.readDir(directory)
    return found.ok ? found.value : []
  }
  const stores = namesIn(drivers)
    .map((name) => `${drivers}/${name}`)
    .map((directory): Store => ({ directory, names: namesIn(directory) }))
    .filter(({ directory }) => view.exists(`${directory}/libcuda.so.1.1`))
  const { chosen, findings } = chooseStore(view, stores, () => namesIn(copies), searched)
  const files = (chosen?.names ?? [])
    .filter((name) => /\.so(\.|$)|\.bin$|\.dll$|^nvidia-smi$/.test(name))
    .map((name) => `${chosen?.directory}/${name}`)
    .filter((path) => isFile(view, path))
  return {
    // Without the driver's store the door leads nowhere.
    files: (files.length > 0 && isFile(view, door) ? [...files, door] : files).map((path) =>
      view.place(path),
    ),
    searched: [...searched].map((path) => view.outside(path)),
    findings,
  }
}

/** `searched`: grows by what is looked at. */
function chooseStore(
  view: RootView,
  stores: readonly Store[],
  copiedNames: () => readonly string[],
  searched: Set<string>,
): { readonly chosen: Store | undefined; readonly findings: readonly Finding[] } {
  const [first, ...more] = stores
  if (first === undefined || more.length === 0) return { chosen: first, findings: [] }
  const copied = copiedNames()
  const copiedFrom = ({ directory, names }: Store): number =>
    copied.filter((name) =>
      [name, name.replace(/\.so(\..*)?$/, "_loader.so")].some(
        (original) =>
          names.includes(original) &&
          areAlike(view, `${copies}/${name}`, `${directory}/${original}`, searched),
      ),
    ).length
  const alike = best(stores, copiedFrom, (one, other) => one - other)
  const latest = best(alike, driverVersion(view, searched), (one, other) => compareVersions(one, other) ?? 0)
  const chosen = latest[0] ?? first
  const told = alike.length === 1 ? "copies" : latest.length === 1 ? "version" : "nothing"
  const others = stores.filter((one) => one !== chosen).map(({ directory }) => view.outside(directory))
  const used = view.outside(chosen.directory)
  return {
    chosen,
    findings: [
      {
        severity: told === "copies" ? "note" : "warning",
        fault: fault("WindowsDriverAmbiguous", { used, others, told }),
        evidence: others.map((path) => `${path}: holds libcuda.so.1.1 too`),
      },
    ],
  }
}

/** All that no other exceeds. */
function best<T, V>(
  items: readonly T[],
  measure: (item: T) => V,
  compare: (one: V, other: V) => number,
): readonly T[] {
  const measured = items.map((item) => ({ item, value: measure(item) }))
  return measured
    .filter(({ value }) => measured.every((other) => compare(value, other.value) >= 0))
    .map(({ item }) => item)
}

function areAlike(view: RootView, one: string, other: string, searched: Set<string>): boolean {
  const paths = [one, other]
  for (const path of paths) searched.add(path)
  const [size, otherSize] = paths.map((path) => fileAt(view, path)?.sizeBytes)
  if (size === undefined || size !== otherSize) return false
  const [head, otherHead] = paths.map((path) =>
    view.readFile(path, { offsetBytes: 0, lengthBytes: headBytes }),
  )
  if (head?.ok !== true || otherHead?.ok !== true) return false
  return (
    head.value.length === otherHead.value.length &&
    head.value.every((byte, at) => byte === otherHead.value[at])
  )
}

/** `31.0.15.5176`; `0`: it is not told. INF files are of one byte a character, or of two. */
const driverVersion =
  (view: RootView, searched: Set<string>) =>
  ({ directory, names }: Store): string => {
    const versions = names.flatMap((name) => {
      if (!/\.inf$/i.test(name)) return []
      const path = hostPath(`${directory}/${name}`)
      searched.add(path)
      const content = view.readFile(path, { offsetBytes: 0, lengthBytes: headBytes })
      const text = content.ok ? decodeByteCharacters(content.value).replaceAll("\0", "") : ""
      return /^[ \t]*DriverVer[ \t]*=[ \t]*[\d/]+[ \t]*,[ \t]*(\d+(?:\.\d+)*)/im.exec(text)?.[1] ?? []
    })
    return versions[0] ?? "0"
  }
