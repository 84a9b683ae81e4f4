/**
 * Which devices of a machine the author of a specification chose, by the names that it has. A file that was made before a GPU was put in looks
 * as one whose author left that GPU out, and is taken for it: that something is in no file is told by itself. A name of what the machine has
 * no more shows that the file is old, and then all is meant.
 */

import type { CdiSpec } from "../../cdi/spec.ts"
import { chooseDevices } from "../../generate/choose-devices.ts"
import { isMachineName } from "../../generate/machine-names.ts"
import type { Inventory } from "../../inventory/inventory.ts"
import type { SelectedDevice } from "../../inventory/select-devices.ts"

/** Selectors; undefined: all. Order: as they were asked for, where the specification shows it. */
export function chosenGpus(spec: CdiSpec, inventory: Inventory): readonly string[] | undefined {
  const chosen: { readonly selector: string; readonly device: SelectedDevice }[] = []
  for (const name of machineNames(spec)) {
    const selector = selectorOf(name)
    const found = chooseDevices([selector], inventory)
    if (!found.ok) return undefined
    chosen.push(...found.value.map((device) => ({ selector, device })))
  }
  // Who has a GPU as a whole has left out none of the MIG devices that it may be cut into by now.
  const given = new Set<object>(chosen.map(({ device }) => partOf(device)))
  const all = chooseDevices(["all"], inventory)
  if (!all.ok || chosen.length === 0) return undefined
  if (all.value.every((one) => given.has(partOf(one)) || given.has(one.gpu))) return undefined
  const links = drawingLinks(spec)
  const placeOf = ({ gpu }: SelectedDevice): number =>
    links.findIndex((link) => link.includes(`/pci-${gpu.pciAddress}-`))
  return chosen
    .map(({ selector, device }) => ({ selector, place: placeOf(device) }))
    .sort((one, other) => one.place - other.place)
    .map(({ selector }) => selector)
}

/** Likewise of what has a number, as IMEX channels. `whole`: a specification of all. */
export function chosenNumbers(spec: CdiSpec, whole: CdiSpec): readonly string[] | undefined {
  const known = machineNames(whole)
  const names = machineNames(spec)
  const isOld = names.some((name) => !known.includes(name))
  return isOld || names.length === 0 || names.length === known.length ? undefined : names.map(selectorOf)
}

const machineNames = ({ devices }: CdiSpec): readonly string[] =>
  devices.map(({ name }) => name).filter((name) => name !== "all" && isMachineName(name))

/** A name that says its type is none. */
const selectorOf = (name: string): string => name.replace(/^(?:gpu|mig)(?=\d)/, "")

const partOf = (device: SelectedDevice): object => (device.kind === "mig" ? device.device : device.gpu)

/** Links to nodes by which GPUs draw, in the order in which the GPUs were asked for: nothing else of a specification shows it. */
const drawingLinks = ({ containerEdits, devices }: CdiSpec): readonly string[] =>
  [containerEdits, ...devices.filter(({ name }) => name === "all").map((all) => all.containerEdits)]
    .flatMap(({ hooks }) => hooks.flatMap(({ args }) => args))
    .filter((arg) => arg.includes("/dev/dri/by-path/"))
