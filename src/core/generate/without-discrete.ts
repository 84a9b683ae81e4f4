/** A board as if its own GPU were the only one: for who wants its lists to be one device, whatever is beside it. */

import { isIntegrated } from "../inventory/tegra.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"

export const withoutDiscrete = (snapshot: HostSnapshot): HostSnapshot => ({
  ...snapshot,
  inventory: { ...snapshot.inventory, gpus: snapshot.inventory.gpus.filter(isIntegrated) },
})
