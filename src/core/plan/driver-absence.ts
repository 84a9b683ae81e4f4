import { type Fault, fault } from "../fault/fault.ts"
import { versionFiles } from "../inventory/observe-version.ts"
import type { HostSnapshot } from "./snapshot.ts"

/** Why a snapshot has no driver: none is loaded, what would tell its version cannot be read, or the platform has none. */
export function driverAbsence({ name, inventory }: HostSnapshot): Fault {
  const unread = inventory.findings.find(
    ({ fault: one }) => one.tag === "HostReadFailed" && versionFiles.includes(one.data.path),
  )
  if (unread !== undefined) return unread.fault
  const { platform } = inventory
  // No module would help.
  return platform === "native"
    ? fault("DriverNotLoaded", { host: name })
    : fault("PlatformUnserved", { host: name, platform })
}
