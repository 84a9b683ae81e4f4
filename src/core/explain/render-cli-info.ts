/** `nvidia-container-cli info`, character for character as others read it. Source: facts, nvidia-container-cli §1.3. */

import type { Gpu, Inventory } from "../inventory/inventory.ts"

const unknown = "(null)"
const columns = [
  "Device Index",
  "Device Minor",
  "Model",
  "Brand",
  "GPU UUID",
  "Bus Location",
  "Architecture",
] as const

const labelled = (label: string, value: string): string => `${`${label}:`.padEnd(15)} ${value}\n`

/** Eight digits of domain, function always 0. */
function busLocation(pciAddress: string): string {
  const [domain = "", bus = "", device = ""] = pciAddress.split(/[:.]/)
  return `${domain.padStart(8, "0")}:${bus}:${device}.0`
}

const factsOf = ({
  index,
  minor,
  model,
  brand,
  uuid,
  pciAddress,
  computeCapability,
}: Gpu): readonly string[] => [
  String(index),
  minor === undefined ? unknown : String(minor.value),
  model?.value ?? unknown,
  brand?.value ?? "Unknown",
  uuid?.value ?? unknown,
  busLocation(pciAddress),
  computeCapability?.value ?? unknown,
]

const usable = ({ gpus }: Inventory): readonly Gpu[] => gpus.filter(({ state }) => state === "usable")

export function renderCliInfo(inventory: Inventory): string {
  const head =
    labelled("NVRM version", inventory.kernelModuleVersion?.value ?? unknown) +
    labelled("CUDA version", inventory.cudaVersion?.value ?? unknown)
  const devices = usable(inventory).map((gpu) => {
    const facts = factsOf(gpu)
    return `\n${columns.map((label, column) => labelled(label, facts[column] ?? unknown)).join("")}`
  })
  return head + devices.join("")
}

export function renderCliInfoCsv(inventory: Inventory): string {
  const versions = [inventory.kernelModuleVersion?.value ?? unknown, inventory.cudaVersion?.value ?? unknown]
  const rows = usable(inventory).map((gpu) => factsOf(gpu).join(","))
  return `${["NVRM version,CUDA version", versions.join(","), "", columns.join(","), ...rows].join("\n")}\n`
}
