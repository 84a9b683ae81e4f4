/** Can this machine give a device by itself, by the name that it is asked for? */

import { canSelect } from "../inventory/select-devices.ts"
import type { HostSnapshot } from "./snapshot.ts"

export const hasDevice = ({ driver, inventory }: HostSnapshot, selector: string): boolean =>
  driver !== undefined && inventory.kernelModuleVersion !== undefined && canSelect(selector, inventory)
