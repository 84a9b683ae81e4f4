/** Libraries beside the driver's own that the reference gives when it is asked to (`enable-explicit-driver-libraries`). Source: facts, toolkit §5.4. */

import type { DriverLibrary } from "../driver/catalogue.ts"
import { observeNamedLibraries } from "../driver/observe-named-libraries.ts"
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
  const named = observeNamedLibraries(viewRoot(host, driver.driverRoot), driver.directories, names, findings)
  // One that is the driver's too stays where it stands, and is kept where graphics are not.
  const asked = new Map(named.map((library) => [library.path, library]))
  const libraries = driver.libraries.map((library): DriverLibrary => {
    const isNamed = asked.delete(library.path)
    return isNamed ? { ...library, reasons: [...library.reasons, { kind: "named" }] } : library
  })
  return {
    ...snapshot,
    driver: {
      ...driver,
      libraries: [...libraries, ...asked.values()],
      findings: [...driver.findings, ...findings],
    },
  }
}
