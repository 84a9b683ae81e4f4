/**
 * The plan of a container that may have everything: what a specification offers is what the wrapper's modes would give, so that both come
 * from the same parts of a plan.
 */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import { unseenLayout } from "../plan/container-layout.ts"
import { grantCapabilities } from "../plan/grant-capabilities.ts"
import type { DriverlessContext, PlanContext } from "../plan/plan-part.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import type { Config } from "../request/config.ts"
import { createReasonLog } from "../request/reason.ts"
import type { GpuRequest } from "../request/request.ts"

/** A configuration in which nothing is said. */
const silentConfig: Config = {
  value: () => undefined,
  evidence: (key, byDefault) => ({ from: "config", key, value: byDefault, line: undefined }),
  gantry: { mode: "active", profile: undefined, injector: undefined, enforce: false, host: undefined },
  text: "",
}

/** A container that asks for nothing beside GPUs. */
const plainRequest: GpuRequest = {
  kind: "gpu",
  devices: ["all"],
  capabilities: [],
  migConfig: "",
  migMonitor: "",
  imexChannels: [],
  companions: [],
  requirements: [],
  passedOver: [],
  platformLists: "base",
  isPrivileged: false,
  isLegacyImage: false,
  container: { pid: 0n, bundle: "", rawRootPath: "" },
  reasons: [],
}

export const specContext = (
  snapshot: Pick<HostSnapshot, "inventory">,
  driver: DriverCatalogue,
  devices: readonly SelectedDevice[],
  request: { readonly has32Bit: boolean },
): PlanContext => ({ ...driverlessContext(snapshot, devices, request), driver })

export function driverlessContext(
  { inventory }: Pick<HostSnapshot, "inventory">,
  devices: readonly SelectedDevice[],
  { has32Bit }: { readonly has32Bit: boolean },
): DriverlessContext {
  const log = createReasonLog()
  const { granted } = grantCapabilities(plainRequest, { mode: "jit-cdi", config: silentConfig }, log)
  const asked = has32Bit ? new Set([...granted.asked, "compat32" as const]) : granted.asked
  const because = ["specification"]
  return {
    request: plainRequest,
    config: silentConfig,
    mode: "jit-cdi",
    inventory,
    layout: unseenLayout,
    devices,
    granted: { ...granted, asked },
    rights: [],
    because: { devices: because, capabilities: because },
    log,
  }
}
