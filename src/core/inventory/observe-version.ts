/** The version of the loaded kernel module, and where it stands. */

import type { HostFiles } from "../host/host.ts"
import { hostPath } from "../text/brand.ts"
import type { Sourced } from "./inventory.ts"
import { readMatch } from "./proc-text.ts"

const moduleVersionFile = hostPath("/sys/module/nvidia/version")
const driverVersionFile = hostPath("/proc/driver/nvidia/version")

/** Of the loaded kernel module; undefined: none is loaded. */
export function observeVersion(host: HostFiles): Sourced<string> | undefined {
  return (
    readMatch(host, moduleVersionFile, /^\s*([0-9]+(?:\.[0-9]+)+)\s*$/) ??
    readMatch(host, driverVersionFile, /Kernel Module(?: for \S+)?\s+([0-9]+(?:\.[0-9]+)+)/)
  )
}
