/** For when what was remembered of a machine has turned out to be wrong. */

import type { Config } from "../core/request/config.ts"
import { openHost } from "../host/open-host.ts"
import { forgetStarts } from "../host/prepared-start.ts"
import { forgetSnapshot } from "../host/recall-snapshot.ts"
import { driverPlace } from "./driver-place.ts"

export function forgetMachine(config: Config, state: string | undefined): void {
  const opened = openHost(config.gantry.host)
  if (opened.ok) forgetSnapshot(opened.value, driverPlace(config), state)
  if (state !== undefined) forgetStarts(state)
}
