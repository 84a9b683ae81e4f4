/**
 * What the name of one of NVIDIA's devices says, beside the GPUs and MIG devices that the machine has. Names are read as the reference writes
 * them: an index, `GPU:SLOT`, a UUID, a PCI address. Source: facts, toolkit §5.2.
 */

import { isUuid } from "../../generate/machine-names.ts"
import type { Gpu, Inventory, MigDevice } from "../../inventory/inventory.ts"
import { normalisePciAddress } from "../../inventory/pci-address.ts"

/** What a device's name says, beside the machine. */
export type Meaning =
  /** The machine has no such thing. */
  | { readonly kind: "gone"; readonly title: string }
  /** A GPU on which MIG is enabled. */
  | { readonly kind: "cut"; readonly title: string }
  /** A MIG device without one of its nodes, as the inventory tells. One that a device names all the same is told of with its place. */
  | { readonly kind: "lacking"; readonly device: string }
  /** `nodes`: what who uses it must be able to open. Order: the one that is it alone first. */
  | { readonly kind: "there"; readonly title: string; readonly nodes: readonly string[] }

/** undefined: the name says nothing that can be judged, or the machine does not tell. */
export function meaningOf(
  name: string,
  { gpus, migDevices }: Pick<Inventory, "gpus" | "migDevices">,
): Meaning | undefined {
  const [, gpuIndex, slot] = /^(?:gpu|mig)?(\d{1,4})(?::(\d{1,4}))?$/.exec(name) ?? []
  if (gpuIndex !== undefined && slot !== undefined) {
    const device = migDevices.find((one) => one.gpuIndex === Number(gpuIndex) && one.index === Number(slot))
    return migMeaning(`MIG device ${gpuIndex}:${slot}`, device, gpus)
  }
  if (gpuIndex !== undefined) {
    const gpu = gpus.find(({ index }) => index === Number(gpuIndex))
    return gpuMeaning(`GPU ${gpuIndex}`, gpu)
  }
  if (isUuid(name))
    return /^MIG/i.test(name) ? migUuidMeaning(name, migDevices, gpus) : gpuUuidMeaning(name, gpus)
  const address = normalisePciAddress(name)
  if (address === undefined) return undefined
  const gpu = gpus.find(({ pciAddress }) => pciAddress === address)
  return gpuMeaning(`GPU ${address}`, gpu)
}

/** undefined: nobody has it, and one may that has not told its own yet. */
function gpuUuidMeaning(name: string, gpus: readonly Gpu[]): Meaning | undefined {
  const gpu = gpus.find((one) => hasUuid(one, name))
  const areAllKnown = gpus.every(({ state, uuid }) => state !== "usable" || uuid !== undefined)
  return gpu === undefined && !areAllKnown ? undefined : gpuMeaning(name, gpu)
}

/** undefined: as of gpuUuidMeaning. */
function migUuidMeaning(
  name: string,
  migDevices: readonly MigDevice[],
  gpus: readonly Gpu[],
): Meaning | undefined {
  const device = migDevices.find((one) => hasUuid(one, name))
  const areAllKnown = migDevices.every(({ uuid }) => uuid !== undefined)
  return device === undefined && !areAllKnown ? undefined : migMeaning(name, device, gpus)
}

/** People write them in capitals too. */
const hasUuid = ({ uuid }: Pick<Gpu | MigDevice, "uuid">, name: string): boolean =>
  uuid?.value.toLowerCase() === name.toLowerCase()

/** undefined: the machine does not tell which node it has. */
function gpuMeaning(title: string, gpu: Gpu | undefined): Meaning | undefined {
  if (gpu === undefined) return { kind: "gone", title }
  if (gpu.isMigEnabled?.value === true) return { kind: "cut", title }
  return gpu.minor === undefined
    ? undefined
    : { kind: "there", title, nodes: [`/dev/nvidia${gpu.minor.value}`] }
}

/** Its nodes: of its compute instance, of the GPU instance that this is in, and of the GPU. */
function migMeaning(title: string, device: MigDevice | undefined, gpus: readonly Gpu[]): Meaning | undefined {
  if (device === undefined) return { kind: "gone", title }
  const { computeInstanceNode, gpuInstanceNode, gpuIndex } = device
  const gpu = gpus.find(({ index }) => index === gpuIndex)
  if (computeInstanceNode === undefined || gpuInstanceNode === undefined)
    return { kind: "lacking", device: `${gpuIndex}:${device.index}` }
  const nodes = [computeInstanceNode, gpuInstanceNode, gpu?.node]
  return {
    kind: "there",
    title,
    nodes: nodes.flatMap((node): readonly string[] => (node === undefined ? [] : [node.path])),
  }
}
