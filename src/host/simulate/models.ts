/** GPU models that can be simulated. Source: PCI ID database and NVIDIA's product pages. */

export interface GpuModel {
  readonly name: string
  /** As `nvidia-smi` prints it. */
  readonly product: string
  /** PCI device id below vendor 10de. */
  readonly pciDevice: string
  readonly architecture: string
}

const rows: readonly (readonly [name: string, product: string, pciDevice: string, architecture: string])[] = [
  ["t4", "Tesla T4", "1eb8", "Turing"],
  ["v100", "Tesla V100-SXM2-32GB", "1db5", "Volta"],
  ["a100", "NVIDIA A100-SXM4-40GB", "20b0", "Ampere"],
  ["a10", "NVIDIA A10", "2236", "Ampere"],
  ["rtx4090", "NVIDIA GeForce RTX 4090", "2684", "Ada Lovelace"],
  ["l4", "NVIDIA L4", "27b8", "Ada Lovelace"],
  ["l40s", "NVIDIA L40S", "26b9", "Ada Lovelace"],
  ["h100", "NVIDIA H100 80GB HBM3", "2330", "Hopper"],
  ["h200", "NVIDIA H200", "2335", "Hopper"],
  ["b200", "NVIDIA B200", "2901", "Blackwell"],
  ["gb200", "NVIDIA GB200", "2941", "Blackwell"],
]

export const models: readonly GpuModel[] = rows.map(([name, product, pciDevice, architecture]) => ({
  name,
  product,
  pciDevice,
  architecture,
}))

export const findModel = (name: string): GpuModel | undefined =>
  models.find((model) => model.name === name.toLowerCase())
