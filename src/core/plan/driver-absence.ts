import { type Fault, fault } from "../fault/fault.ts"
import { versionFiles } from "../inventory/observe-version.ts"
import type { HostSnapshot } from "./snapshot.ts"

/** Why a snapshot has no driver: none is loaded, or what would tell its version cannot be read. */
export function driverAbsence({ name, inventory }: HostSnapshot): Fault {
  const unread = inventory.findings.find(
    ({ fault: one }) => one.tag === "HostReadFailed" && versionFiles.includes(one.data.path),
  )
  return unread?.fault ?? fault("DriverNotLoaded", { host: name })
}
