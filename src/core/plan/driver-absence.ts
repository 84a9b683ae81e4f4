import { type Fault, fault } from "../fault/fault.ts"
import { findUnread, versionPlaces } from "../inventory/find-unread.ts"
import type { HostSnapshot } from "./snapshot.ts"

/** Why a snapshot has no driver: none is loaded, what would tell its version cannot be read, or the platform has none. */
export function driverAbsence({ name, inventory }: HostSnapshot): Fault {
  const unread = findUnread(inventory, versionPlaces)
  if (unread !== undefined) return unread
  const { platform } = inventory
  // No module would help.
  return platform === "native"
    ? fault("DriverNotLoaded", { host: name })
    : fault("PlatformUnserved", { host: name, platform })
}
