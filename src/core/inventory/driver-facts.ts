/**
 * What the driver's file of facts, /proc/driver/nvidia/gpus/…/information, says of a GPU. Source: what the driver's kernel module writes (facts,
 * nvidia-container-cli §5).
 */

import type { GpuState } from "./inventory.ts"

/** By the names that stand in the file, as `Device Minor`. */
export type DriverFacts = ReadonlyMap<string, string>

/** undefined: a GPU that does not answer has none. */
export function minorIn(facts: DriverFacts): number | undefined {
  const text = facts.get("Device Minor")
  return text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : undefined
}

/** undefined: it has question marks until the GPU was initialised once. */
export function uuidIn(facts: DriverFacts): string | undefined {
  const text = facts.get("GPU UUID")
  return text !== undefined && /^GPU-[0-9a-f-]+$/i.test(text) ? text : undefined
}

/** undefined: the driver does not know it. */
export function modelIn(facts: DriverFacts): string | undefined {
  const text = facts.get("Model") ?? ""
  return text === "" || text.startsWith("Unknown") ? undefined : text
}

/** As far as the file tells. */
export function stateOf(facts: DriverFacts): GpuState {
  if (facts.get("GPU Excluded") === "Yes") return "excluded"
  return minorIn(facts) === undefined ? "broken" : "usable"
}
