/** The names under which a specification has a GPU or a MIG device, one for each strategy. Source: facts, toolkit §5.2. */

import { deviceNameProblem } from "../cdi/rules/name-rules.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import { type NameStrategy, nameStrategies } from "./machine-names.ts"
import type { DeviceNames } from "./part.ts"
import type { SpecRequest } from "./spec-request.ts"

/** As they are asked for. `name`: of one device, by these strategies. Nobody asks for aliases where nothing is added. */
export const namesFor = (
  { names, additions }: Pick<SpecRequest, "names" | "additions">,
  name: (strategies: readonly NameStrategy[]) => readonly string[],
): DeviceNames => ({
  names: name(names),
  aliases: additions.devices.length === 0 ? [] : name(nameStrategies),
})

/**
 * Order: as the strategies, each once. A device without a UUID has no name by it, and a MIG device none by its place on the bus; what
 * is no name for an engine is left out.
 */
export function nameDevice(device: SelectedDevice, strategies: readonly NameStrategy[]): readonly string[] {
  const names = strategies.flatMap((strategy) => nameBy[strategy](device) ?? [])
  return [...new Set(names.filter((name) => deviceNameProblem(name) === undefined))]
}

const indexOf = (selected: SelectedDevice): string =>
  selected.kind === "gpu"
    ? String(selected.gpu.index)
    : `${selected.device.gpuIndex}:${selected.device.index}`

const nameBy: { readonly [S in NameStrategy]: (selected: SelectedDevice) => string | undefined } = {
  index: indexOf,
  "type-index": (selected) => `${selected.kind}${indexOf(selected)}`,
  uuid: (selected) => (selected.kind === "gpu" ? selected.gpu : selected.device).uuid?.value,
  pci: (selected) => (selected.kind === "gpu" ? selected.gpu.pciAddress : undefined),
}
