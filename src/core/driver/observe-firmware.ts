/** The driver's GSP firmware. Source: the kernel's documentation of firmware search paths; facts, toolkit §5.4. */

import { type Fault, fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import type { RootView } from "../host/root-view.ts"
import { readText } from "../inventory/proc-text.ts"
import type { HostPath } from "../text/brand.ts"

/** Directories in which the kernel looks for each firmware file, inside the driver root. Order: of search. */
export function firmwareDirectories(host: Host, version: string): readonly string[] {
  const text = (path: string): string => readText(host, path)?.trim() ?? ""
  const chosen = text("/sys/module/firmware_class/parameters/path")
  const release = text("/proc/sys/kernel/osrelease")
  const bases = [
    ...(chosen.startsWith("/") ? [chosen] : []),
    ...(release === "" ? [] : [`/lib/firmware/updates/${release}`]),
    "/lib/firmware/updates",
    ...(release === "" ? [] : [`/lib/firmware/${release}`]),
    "/lib/firmware",
  ]
  return bases.map((base) => `${base}/nvidia/${version}`)
}

/** gsp*.bin, each from the first directory that has it. What is called so and is no file is a finding. Order: by name. */
export function observeFirmware(
  view: RootView,
  candidates: readonly string[],
  findings: Finding[],
): readonly HostPath[] {
  const found = new Map<string, HostPath>()
  for (const directory of candidates) {
    const names = view.readDir(directory)
    for (const name of names.ok ? names.value : []) {
      if (!/^gsp.*\.bin$/.test(name) || found.has(name)) continue
      const path = `${directory}/${name}`
      if (mayBeFile(view, path)) found.set(name, view.outside(path))
      else
        findings.push({
          severity: "warning",
          fault: fault("DriverFileUnusable", { path: view.outside(path), problem: "it leads to no file" }),
          evidence: [`${view.outside(path)}: it leads to no file`],
        })
    }
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path)
}

/** Also what a recording lists, and holds no more of. */
function mayBeFile(view: RootView, path: string): boolean {
  const resolved = view.resolve(path)
  if (!resolved.ok) return isUnrecorded(resolved.fault)
  const stat = view.lstat(resolved.value)
  return stat.ok ? stat.value.kind === "file" : isUnrecorded(stat.fault)
}

const isUnrecorded = (problem: Fault): boolean =>
  problem.tag === "HostReadFailed" && problem.data.syscall === "lookup"
