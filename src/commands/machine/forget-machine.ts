/** For when what was remembered of a machine has turned out to be wrong. */

import type { Config } from "../../core/request/config.ts"
import { openHost } from "../../host/open-host.ts"
import { forgetStarts } from "../../host/state/prepared-start.ts"
import { forgetSnapshot } from "../../host/state/recall-snapshot.ts"
import { driverPlace } from "../start/driver-place.ts"

export function forgetMachine(config: Config, state: string | undefined): void {
  const opened = openHost(config.gantry.host)
  if (opened.ok) forgetSnapshot(opened.value, driverPlace(config), state)
  if (state !== undefined) forgetStarts(state)
}
