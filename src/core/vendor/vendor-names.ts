/** Whose GPUs have specifications beside NVIDIA's. Order: as specifications of several are made. */
export const vendorNames = ["amd", "intel"] as const
export type VendorName = (typeof vendorNames)[number]
