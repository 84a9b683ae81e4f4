/** GPU models that can be simulated. Source: PCI ID database, NVIDIA's product pages, and what `nvidia-smi` prints on the cards. */

export interface GpuModel {
  readonly name: string
  /** As `nvidia-smi` prints it. */
  readonly product: string
  /** PCI device id below vendor 10de. */
  readonly pciDevice: string
  /** `8.0`; what the NVML stand-in tells. */
  readonly computeCapability: string
  /** As NVML tells it: data-centre cards since Turing are of brand NVIDIA, whatever their name; those before are Tesla. */
  readonly brand: "Tesla" | "GeForce" | "NVIDIA"
  /** Units: MiB. As NVML tells it. */
  readonly memoryMib: number
  /** Into how many parts MIG can cut it; 0: it cannot. */
  readonly migSlices: 0 | 4 | 7
  /** Its memory is the processor's too. */
  readonly isCoherent: boolean
  /** A card with display outputs: VGA, not a 3D controller. */
  readonly isDisplay: boolean
  /** Sits on a board with NVSwitches. */
  readonly hasSwitches: boolean
}

type Board = "card" | "display" | "switched" | "coherent"

const rows: readonly (readonly [
  name: string,
  product: string,
  pciDevice: string,
  computeCapability: string,
  memoryMib: number,
  migSlices: GpuModel["migSlices"],
  board: Board,
])[] = [
  ["t4", "Tesla T4", "1eb8", "7.5", 15_360, 0, "card"],
  ["v100", "Tesla V100-SXM2-32GB", "1db5", "7.0", 32_768, 0, "card"],
  ["a100", "NVIDIA A100-SXM4-40GB", "20b0", "8.0", 40_960, 7, "card"],
  ["a100-80gb", "NVIDIA A100-SXM4-80GB", "20b2", "8.0", 81_920, 7, "card"],
  ["a30", "NVIDIA A30", "20b7", "8.0", 24_576, 4, "card"],
  ["a40", "NVIDIA A40", "2235", "8.6", 46_068, 0, "card"],
  ["a10", "NVIDIA A10", "2236", "8.6", 23_028, 0, "card"],
  ["rtx4090", "NVIDIA GeForce RTX 4090", "2684", "8.9", 24_564, 0, "display"],
  ["l4", "NVIDIA L4", "27b8", "8.9", 23_034, 0, "card"],
  ["l40s", "NVIDIA L40S", "26b9", "8.9", 46_068, 0, "card"],
  ["h100", "NVIDIA H100 80GB HBM3", "2330", "9.0", 81_559, 7, "switched"],
  ["h200", "NVIDIA H200", "2335", "9.0", 143_771, 7, "switched"],
  ["gh200", "NVIDIA GH200 480GB", "2342", "9.0", 97_871, 7, "coherent"],
  ["b200", "NVIDIA B200", "2901", "10.0", 183_359, 7, "switched"],
  ["gb200", "NVIDIA GB200", "2941", "10.0", 189_471, 7, "coherent"],
]

export const models: readonly GpuModel[] = rows.map(
  ([name, product, pciDevice, computeCapability, memoryMib, migSlices, board]) => ({
    name,
    product,
    pciDevice,
    computeCapability,
    memoryMib,
    migSlices,
    brand: product.includes("GeForce") ? "GeForce" : Number(computeCapability) < 7.5 ? "Tesla" : "NVIDIA",
    isDisplay: board === "display",
    hasSwitches: board === "switched",
    isCoherent: board === "coherent",
  }),
)

export const findModel = (name: string): GpuModel | undefined =>
  models.find((model) => model.name === name.toLowerCase())
