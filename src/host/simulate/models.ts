/** GPU models that can be simulated. Source: PCI ID database and NVIDIA's product pages. */

export interface GpuModel {
  readonly name: string
  /** As `nvidia-smi` prints it. */
  readonly product: string
  /** PCI device id below vendor 10de. */
  readonly pciDevice: string
  /** `8.0`; what the NVML stand-in tells. */
  readonly computeCapability: string
  /** A card with display outputs: VGA, not a 3D controller. */
  readonly isDisplay: boolean
  /** Sits on a board with NVSwitches. */
  readonly hasSwitches: boolean
}

type Board = "card" | "display" | "switched"

const rows: readonly (readonly [
  name: string,
  product: string,
  pciDevice: string,
  computeCapability: string,
  board: Board,
])[] = [
  ["t4", "Tesla T4", "1eb8", "7.5", "card"],
  ["v100", "Tesla V100-SXM2-32GB", "1db5", "7.0", "card"],
  ["a100", "NVIDIA A100-SXM4-40GB", "20b0", "8.0", "card"],
  ["a100-80gb", "NVIDIA A100-SXM4-80GB", "20b2", "8.0", "card"],
  ["a30", "NVIDIA A30", "20b7", "8.0", "card"],
  ["a40", "NVIDIA A40", "2235", "8.6", "card"],
  ["a10", "NVIDIA A10", "2236", "8.6", "card"],
  ["rtx4090", "NVIDIA GeForce RTX 4090", "2684", "8.9", "display"],
  ["l4", "NVIDIA L4", "27b8", "8.9", "card"],
  ["l40s", "NVIDIA L40S", "26b9", "8.9", "card"],
  ["h100", "NVIDIA H100 80GB HBM3", "2330", "9.0", "switched"],
  ["h200", "NVIDIA H200", "2335", "9.0", "switched"],
  ["gh200", "NVIDIA GH200 480GB", "2342", "9.0", "card"],
  ["b200", "NVIDIA B200", "2901", "10.0", "switched"],
  ["gb200", "NVIDIA GB200", "2941", "10.0", "card"],
]

export const models: readonly GpuModel[] = rows.map(
  ([name, product, pciDevice, computeCapability, board]) => ({
    name,
    product,
    pciDevice,
    computeCapability,
    isDisplay: board === "display",
    hasSwitches: board === "switched",
  }),
)

export const findModel = (name: string): GpuModel | undefined =>
  models.find((model) => model.name === name.toLowerCase())
