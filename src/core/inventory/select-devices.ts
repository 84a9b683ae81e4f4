/**
 * From selectors to GPUs and MIG devices of this machine. What the reference knows comes first and means the same: `all`, a full
 * UUID, a PCI address, an index, `G:M` (facts, nvidia-container-cli §4). Beyond it, where the reference says "unknown device": the
 * beginning of a UUID that fits one device only, and a pattern of the model's name, which selects every GPU that it fits.
 */

import { ownKinds } from "../cdi/rules/qualify.ts"
import { type Fault, fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { parseCount } from "../text/count.ts"
import { matchesGlob } from "../text/glob.ts"
import { nearestOf } from "../text/nearest.ts"
import { gpuUuid } from "../text/uuid.ts"
import { findUnread, tellingPlaces } from "./find-unread.ts"
import type { Gpu, Inventory, MigDevice } from "./inventory.ts"
import { normalisePciAddress } from "./pci-address.ts"

export type SelectedDevice =
  | { readonly kind: "gpu"; readonly gpu: Gpu; readonly selector: string }
  | { readonly kind: "mig"; readonly gpu: Gpu; readonly device: MigDevice; readonly selector: string }

type Candidate = Gpu | MigDevice

/** Order: GPUs by PCI address, then MIG devices by GPU and index. Faults: DeviceUnknown, DeviceAmbiguous, DeviceKindUnserved, HostReadFailed. */
export function selectDevices(
  selectors: readonly string[],
  inventory: Inventory,
): Result<readonly SelectedDevice[]> {
  const asked = selectDevicesAsAsked(selectors, inventory)
  if (!asked.ok) return asked
  const { gpus, migDevices } = inventory
  const places = new Map<Candidate, number>([...gpus, ...migDevices].map((one, place) => [one, place]))
  const place = (one: SelectedDevice): number => places.get(one.kind === "gpu" ? one.gpu : one.device) ?? 0
  return ok([...asked.value].sort((one, other) => place(one) - place(other)))
}

/** The same devices. Order: as the selectors name them; those of one selector by PCI address, MIG devices behind. */
export function selectDevicesAsAsked(
  selectors: readonly string[],
  inventory: Inventory,
): Result<readonly SelectedDevice[]> {
  const usable = inventory.gpus.filter(({ state }) => state === "usable")
  const chosen = new Map<Candidate, string>()
  const choose = (candidates: readonly Candidate[], selector: string): void => {
    for (const candidate of candidates) if (!chosen.has(candidate)) chosen.set(candidate, selector)
  }
  const unread = findUnread(inventory, tellingPlaces)
  for (const selector of selectors) {
    if (selector === "") continue
    const found = findDevices(selector, usable, inventory.migDevices)
    if (found !== undefined && "tag" in found) return fail(found)
    if (unread !== undefined && !isSure(selector, found)) return fail(unread)
    if (found === undefined) return fail(unknown(selector, usable, inventory))
    choose(found, selector)
    if (selector.toLowerCase() === "all") break
  }
  const byIndex = new Map(usable.map((gpu) => [gpu.index, gpu]))
  return ok(
    [...chosen].flatMap(([candidate, selector]): readonly SelectedDevice[] => {
      if ("pciAddress" in candidate) return [{ kind: "gpu", gpu: candidate, selector }]
      const gpu = byIndex.get(candidate.gpuIndex)
      return gpu === undefined ? [] : [{ kind: "mig", gpu, device: candidate, selector }]
    }),
  )
}

/** Means the same whatever else the machine may have: no device, or one by its whole UUID. Others may be more, or have another number. */
const isSure = (selector: string, found: readonly Candidate[] | undefined): boolean | undefined =>
  selector.endsWith("none") || found?.some(({ uuid }) => selector.endsWith(uuid?.value ?? " "))

/** A CDI name of one of them means the device of that name. */
const withoutKind = (selector: string): string => {
  const kind = ownKinds.find((one) => selector.startsWith(one))
  return kind === undefined ? selector : selector.slice(kind.length)
}

/**
 * Would selectDevices find something? Without the words for a miss, which are worth more than the search: an image may ask for thousands of
 * names that nobody has.
 */
export function canSelect(selector: string, { gpus, migDevices }: Inventory): boolean {
  if (selector === "") return true
  const usable = gpus.filter(({ state }) => state === "usable")
  const found = findDevices(selector, usable, migDevices)
  return found !== undefined && !("tag" in found)
}

/** undefined: none. Faults: DeviceAmbiguous, DeviceKindUnserved. */
function findDevices(
  written: string,
  usable: readonly Gpu[],
  migDevices: readonly MigDevice[],
): readonly Candidate[] | Fault | undefined {
  const selector = withoutKind(written)
  if (selector.toLowerCase() === "all") return [...usable, ...migDevices]
  if (selector !== written && selector === "none") return []
  const one = (found: Candidate | undefined): readonly Candidate[] | undefined => found && [found]

  const number = parseCount(selector)
  if (number !== undefined) return one(usable.find(({ index }) => index === number))
  const [gpuIndex, index, ...more] = selector.split(":").map(parseCount)
  if (gpuIndex !== undefined && index !== undefined && more.length === 0) {
    return one(migDevices.find((device) => device.gpuIndex === gpuIndex && device.index === index))
  }
  const address = normalisePciAddress(selector)
  if (address !== undefined) return one(usable.find(({ pciAddress }) => pciAddress === address))
  if (/^MIG-/i.test(selector)) return findByUuid(selector, migDevices)
  if (/^GPU-/i.test(selector) || gpuUuid.test(selector)) return findByUuid(selector, usable)
  if (selector.includes("/") && selector.includes("="))
    return fault("DeviceKindUnserved", { selector, kind: "a CDI device" })
  const found = usable.filter(({ model }) => model !== undefined && fitsModel(selector, model.value))
  return found.length === 0 ? undefined : found
}

function findByUuid(
  selector: string,
  candidates: readonly Candidate[],
): readonly Candidate[] | Fault | undefined {
  const wanted = selector.toLowerCase()
  const uuidOf = ({ uuid }: Candidate): string => uuid?.value.toLowerCase() ?? ""
  const exact = candidates.find((candidate) => uuidOf(candidate) === wanted)
  if (exact !== undefined) return [exact]
  const begun =
    wanted.length > "GPU-".length ? candidates.filter((one) => uuidOf(one).startsWith(wanted)) : []
  if (begun.length > 1)
    return fault("DeviceAmbiguous", { selector, candidates: begun.map(({ uuid }) => uuid?.value ?? "") })
  return begun.length === 1 ? begun : undefined
}

/** `*` and `?` as in a shell; without them what is written must stand in the model's name as words. Case counts for nothing. */
function fitsModel(pattern: string, model: string): boolean {
  if (pattern.length > 64 || !/^[A-Za-z0-9 *?_.-]*[A-Za-z][A-Za-z0-9 *?_.-]*$/.test(pattern)) return false
  const [wanted, name] = [pattern.toLowerCase(), model.toLowerCase()]
  return /[*?]/.test(wanted)
    ? matchesGlob(wanted, name)
    : ` ${name.replaceAll("-", " ")} `.includes(` ${wanted.replaceAll("-", " ")} `)
}

/** The whole name, and each of its words. */
const namesOfModel = (model: string): readonly string[] => [model, ...model.split(/[ -]/)]

interface DeviceNames {
  readonly shown: string
  readonly names: readonly string[]
}

const nameDevices = (usable: readonly Gpu[], migDevices: readonly MigDevice[]): readonly DeviceNames[] => [
  ...usable.map(({ index, uuid, pciAddress, model }) => ({
    shown: `${index} (${uuid?.value ?? "UUID not known yet"})`,
    names: [String(index), pciAddress, uuid?.value ?? "", ...namesOfModel(model?.value ?? "")],
  })),
  ...migDevices.map(({ gpuIndex, index, uuid }) => ({
    shown: `${gpuIndex}:${index} (${uuid?.value ?? "UUID not known"})`,
    names: [`${gpuIndex}:${index}`, uuid?.value ?? ""],
  })),
]

function unknown(selector: string, usable: readonly Gpu[], { gpus, migDevices }: Inventory): Fault {
  const known = nameDevices(usable, migDevices)
  const unused = gpus.flatMap(({ state, pciAddress }) =>
    state === "usable" ? [] : [`not ${pciAddress}, which is ${state}`],
  )
  const names = known.flatMap((one) => one.names).filter((name) => name.length > 2)
  return fault("DeviceUnknown", {
    selector,
    known: [...known.map(({ shown }) => shown), ...unused],
    meant: nearestOf(selector, names),
  })
}
