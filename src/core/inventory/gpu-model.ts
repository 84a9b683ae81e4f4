/**
 * What a GPU's name or its PCI id implies, known without asking the driver: product, architecture, compute capability, brand.
 * Source: NVIDIA's list of compute capabilities; PCI ID database (vendor 10de). A model that stands here nowhere is asked of NVML.
 */

export interface Generation {
  readonly architecture: string
  /** `8.0`. */
  readonly computeCapability: string
}

/**
 * A name stands in one row at most (tests/core/inventory/gpu-model.test.ts): the same number means another chip behind `Quadro`,
 * `GeForce`, or before `Ada`.
 */
const generations: readonly (readonly [pattern: RegExp, architecture: string, computeCapability: string])[] =
  [
    [/\b(GB300|B300)\b/, "Blackwell", "10.3"],
    [/\b(GB200|B200|B100)\b/, "Blackwell", "10.0"],
    [/GeForce RTX 50\d\d|RTX PRO \d000 Blackwell/, "Blackwell", "12.0"],
    [/\b(GH200|H100|H200|H800|H20)\b/, "Hopper", "9.0"],
    [/\b(L4|L40S?|L2|L20)\b|GeForce RTX 40\d\d|RTX \d{3,4} (SFF )?Ada/, "Ada", "8.9"],
    [/\bOrin\b/, "Ampere", "8.7"],
    [/\b(A10G?|A16|A40|A2)\b|GeForce RTX (30\d\d|2050)|RTX A\d000/, "Ampere", "8.6"],
    [/\b(A100|A800|A30)\b/, "Ampere", "8.0"],
    [
      /\bT4G?\b|GeForce (RTX 20[6-8]\d|GTX 16\d\d)|TITAN RTX|Quadro (RTX|T\d)|NVIDIA T(400|600|1000)\b/,
      "Turing",
      "7.5",
    ],
    [/\bV100\b|TITAN V\b|\bGV100\b/, "Volta", "7.0"],
    [/\b(P4|P40)\b|GeForce GTX 10\d\d|Quadro P\d|TITAN Xp/, "Pascal", "6.1"],
    [/\bP100\b|\bGP100\b/, "Pascal", "6.0"],
    [/\b(M4|M40|M60)\b|GeForce GTX (9[5-8]0(?!M)|9[78]0M)/, "Maxwell", "5.2"],
    [/\bK80\b/, "Kepler", "3.7"],
  ]

/** undefined: a model that the table does not know. */
export function generationOf(model: string): Generation | undefined {
  const row = generations.find(([pattern]) => pattern.test(model))
  return row === undefined ? undefined : { architecture: row[1], computeCapability: row[2] }
}

/** Below vendor 10de. Only data-centre cards: others are told by their name. */
const products: Readonly<Record<string, string>> = {
  "102d": "Tesla K80",
  "15f8": "Tesla P100-PCIE-16GB",
  "1b38": "Tesla P40",
  "1bb3": "Tesla P4",
  "1db4": "Tesla V100-PCIE-16GB",
  "1db1": "Tesla V100-SXM2-16GB",
  "1db5": "Tesla V100-SXM2-32GB",
  "1db6": "Tesla V100-PCIE-32GB",
  "1eb8": "Tesla T4",
  "20b0": "NVIDIA A100-SXM4-40GB",
  "20b2": "NVIDIA A100-SXM4-80GB",
  "20b5": "NVIDIA A100 80GB PCIe",
  "20b7": "NVIDIA A30",
  "20f1": "NVIDIA A100-PCIE-40GB",
  "2235": "NVIDIA A40",
  "2236": "NVIDIA A10",
  "2237": "NVIDIA A10G",
  "25b6": "NVIDIA A16",
  "2684": "NVIDIA GeForce RTX 4090",
  "26b5": "NVIDIA L40",
  "26b9": "NVIDIA L40S",
  "27b8": "NVIDIA L4",
  "2330": "NVIDIA H100 80GB HBM3",
  "2331": "NVIDIA H100 PCIe",
  "2335": "NVIDIA H200",
  "2339": "NVIDIA H100",
  "2342": "NVIDIA GH200 480GB",
  "2901": "NVIDIA B200",
  "2941": "NVIDIA GB200",
}

/** `20b0` or `0x20B0` → product; undefined: not in the table. */
export function productOf(pciDevice: string): string | undefined {
  const id = pciDevice.trim().toLowerCase().replace(/^0x/, "")
  return Object.hasOwn(products, id) ? products[id] : undefined
}

export interface Brand {
  /** As the reference names it. */
  readonly name: string
  /** false: drivers of different years call such a card differently, and NVML knows how this one does. */
  readonly isCertain: boolean
}

/**
 * The brand that NVML gives a model. Since the 470 drivers data-centre cards are `NVIDIA A100 …` and of the brand NVIDIA; cards up to Volta
 * have stayed Tesla. undefined: the name does not tell.
 * Source: the reference's list of brands; what nvidia-smi prints as Product Brand.
 */
export function brandOf(model: string): Brand | undefined {
  if (/^NVIDIA (A\d|B\d|H\d|L\d|GH\d|GB\d)/.test(model)) return { name: "Nvidia", isCertain: true }
  if (/^Tesla [KMPV]\d/.test(model)) return { name: "Tesla", isCertain: true }
  const word = /\b(Quadro|GeForce|TITAN|Tesla|NVS|GRID)\b/.exec(model)?.[1]
  if (word === undefined) return undefined
  return { name: word, isCertain: !/RTX|Tesla/.test(model) }
}
