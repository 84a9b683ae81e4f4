/** GPUs of AMD and Intel that can be simulated. Source: PCI ID database; the kernel's amdgpu, i915 and xe for what they name and cut. */

export interface AmdModel {
  readonly vendor: "amd"
  readonly name: string
  readonly product: string
  readonly pciDevice: string
  /** As sysfs has it, without `0x`. */
  readonly pciClass: "030000" | "038000" | "120000"
  /** As the compute driver writes it: 90402 is gfx942. */
  readonly gfxVersion: number
  /** Compute dies, into as many parts at most it can be cut; 1: it cannot. */
  readonly dies: number
}

export interface IntelModel {
  readonly vendor: "intel"
  readonly name: string
  readonly product: string
  readonly pciDevice: string
  readonly pciClass: "030000" | "038000"
  readonly driver: "i915" | "xe"
  /** Part of the processor: there is one, at 0000:00:02.0. */
  readonly isIntegrated: boolean
}

const amdModel = (
  name: string,
  product: string,
  pciDevice: string,
  pciClass: AmdModel["pciClass"],
  gfxVersion: number,
  dies = 1,
): AmdModel => ({ vendor: "amd", name, product, pciDevice, pciClass, gfxVersion, dies })

const intelModel = (
  name: string,
  product: string,
  pciDevice: string,
  pciClass: IntelModel["pciClass"],
  driver: IntelModel["driver"],
): IntelModel => ({
  vendor: "intel",
  name,
  product,
  pciDevice,
  pciClass,
  driver,
  isIntegrated: name.startsWith("uhd"),
})

export const amdModels: readonly AmdModel[] = [
  amdModel("mi210", "AMD Instinct MI210", "740f", "038000", 90_010),
  amdModel("mi300x", "AMD Instinct MI300X", "74a1", "120000", 90_402, 8),
  amdModel("w7900", "AMD Radeon Pro W7900", "7448", "030000", 110_000),
]

export const intelModels: readonly IntelModel[] = [
  intelModel("uhd770", "Intel UHD Graphics 770", "4680", "030000", "i915"),
  intelModel("flex170", "Intel Data Center GPU Flex 170", "56c0", "038000", "i915"),
  intelModel("a770", "Intel Arc A770", "56a0", "030000", "i915"),
  intelModel("b60", "Intel Arc Pro B60", "e211", "030000", "xe"),
]

/** Into how many parts a mode cuts a GPU of so many dies. Source: the kernel's amdgpu. */
export const partitionModes: Readonly<Record<string, (dies: number) => number>> = {
  spx: () => 1,
  dpx: () => 2,
  qpx: () => 4,
  cpx: (dies) => dies,
}
