/** Whose GPUs have specifications beside NVIDIA's. Order: as specifications of several are made. */
export const vendorNames = ["amd", "intel"] as const
export type VendorName = (typeof vendorNames)[number]

/** Of specifications of this kind; undefined: NVIDIA's, or of somebody whose GPUs nobody here knows. */
export const vendorOfKind = (kind: string): VendorName | undefined =>
  vendorNames.find((name) => kind === `${name}.com/gpu`)

/** As it writes itself. */
export const vendorTitles: { readonly [V in VendorName]: string } = { amd: "AMD", intel: "Intel" }

/** Kernel modules that make nodes which containers can use. Order: the preferred first. */
export const vendorModules: { readonly [V in VendorName]: readonly string[] } = {
  amd: ["amdgpu"],
  intel: ["xe", "i915"],
}
