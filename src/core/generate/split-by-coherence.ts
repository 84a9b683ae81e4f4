/**
 * GPUs by whether they share one memory with the processor, which schedulers tell apart by classes of their own. Only whole GPUs are told,
 * and only where devices are GPUs: one `all` of mode `management` or `gds` is neither.
 * NVML says so by the addressing mode; it is so on Grace superchips, and a model's name says which those are.
 */

import { ok } from "../fault/result.ts"
import type { Gpu, Inventory } from "../inventory/inventory.ts"
import { selectBoard } from "../plan/select-board.ts"
import { chooseDevices } from "./choose-devices.ts"
import { resolveMode, type SpecMode, type SpecRequest } from "./spec-request.ts"

export interface CoherenceClass {
  /** Behind the class. */
  readonly infix: ".coherent" | ".noncoherent"
  /** Selectors of its GPUs. Never empty. */
  readonly devices: readonly string[]
}

/** Order: coherent first. Empty in other modes than `nvml` and `csv`. */
export function splitByCoherence(
  inventory: Inventory,
  { devices, mode }: Pick<SpecRequest, "devices" | "mode">,
): readonly CoherenceClass[] {
  const gpus = wholeGpus(resolveMode(mode, inventory), devices, inventory)
  const byClass = Map.groupBy(gpus, (gpu) => (isCoherent(gpu) ? ".coherent" : ".noncoherent"))
  return ([".coherent", ".noncoherent"] as const).flatMap((infix) => {
    const own = (byClass.get(infix) ?? []).map(({ pciAddress }) => pciAddress)
    return own.length === 0 ? [] : [{ infix, devices: own }]
  })
}

/** Beside a board's own GPU, which is the board's whatever its memory, those that are not. */
function wholeGpus(mode: SpecMode, devices: readonly string[], inventory: Inventory): readonly Gpu[] {
  if (mode === "csv") {
    const board = selectBoard(devices, inventory)
    return board.ok ? board.value.discrete.map(({ gpu }) => gpu) : []
  }
  const selected = mode === "nvml" ? chooseDevices(devices, inventory) : ok([])
  return (selected.ok ? selected.value : []).flatMap((one) => (one.kind === "gpu" ? [one.gpu] : []))
}

/** GH200, GB200, GB300: a Grace processor and GPUs of the generation that the second letter names. */
const isCoherent = ({ model }: Gpu): boolean => /\bG[HBR]\d{3}\b/.test(model?.value ?? "")
