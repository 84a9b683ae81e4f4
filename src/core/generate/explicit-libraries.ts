/** Libraries beside the driver's own that the reference gives when it is asked to (`enable-explicit-driver-libraries`). Source: facts, toolkit §5.4. */

import { observeNamedLibraries } from "../driver/observe-libraries.ts"
import type { Finding } from "../fault/finding.ts"
import type { Host } from "../host/host.ts"
import { viewRoot } from "../host/root-view.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"

const names: readonly string[] = [
  "libEGL.so",
  "libGL.so",
  "libGLESv1_CM.so",
  "libGLESv2.so",
  "libGLX.so",
  "libGLdispatch.so",
  "libOpenCL.so",
  "libOpenGL.so",
  "libnvidia-api.so",
  "libnvidia-egl-xcb.so",
  "libnvidia-egl-xlib.so",
]

/** The same machine, with them among the driver's libraries. */
export function withExplicitLibraries(host: Host, snapshot: HostSnapshot): HostSnapshot {
  const { driver } = snapshot
  if (driver === undefined) return snapshot
  const findings: Finding[] = []
  const known = new Set(driver.libraries.map(({ path }) => path))
  const named = observeNamedLibraries(
    viewRoot(host, driver.driverRoot),
    driver.directories,
    names,
    findings,
  ).filter(({ path }) => !known.has(path))
  return {
    ...snapshot,
    driver: {
      ...driver,
      libraries: [...driver.libraries, ...named],
      findings: [...driver.findings, ...findings],
    },
  }
}
