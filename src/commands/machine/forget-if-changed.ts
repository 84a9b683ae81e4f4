/** After a start that failed: the next one is to see the machine as it is. What forgets is loaded only where something was wrong. */

import type { Fault } from "../../core/fault/fault.ts"
import { saysMachineChanged } from "../../core/fault/machine-changed.ts"
import type { Config } from "../../core/request/config.ts"

export async function forgetIfChanged(
  fault: Fault,
  config: Config,
  state: string | undefined,
): Promise<void> {
  if (saysMachineChanged(fault)) (await import("./forget-machine.ts")).forgetMachine(config, state)
}
