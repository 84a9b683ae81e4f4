/** Adds what CDI specifications say to a container's config.json. Loaded only when a container has a device of one. */

import { addCdiDevices } from "../../apply/add-cdi-devices.ts"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { CdiDeviceEdit } from "../../core/plan/edit.ts"
import { openFiles } from "../../host/open-files.ts"

/** Faults: HostUnknown, HostNotLive; of the adder: those of addCdiDevices. */
export async function cdiAdder(
  devices: readonly CdiDeviceEdit[],
  selector: string | undefined,
): Promise<Result<(text: string) => Result<string>>> {
  const host = await openFiles(selector)
  if (!host.ok) return host
  const { value } = host
  return value === undefined
    ? fail(fault("HostNotLive", { name: selector ?? "" }))
    : ok((text) => addCdiDevices(text, devices, value))
}
