/** Whose GPUs a command line means. What is said of NVIDIA's alone means NVIDIA's. */

import { ok, type Result } from "../../core/fault/result.ts"
import type { FlagShape, Flags } from "../flags.ts"
import { misused } from "./cdi-flags.ts"
import { type GpuVendor, gpuVendors } from "./choose-vendors.ts"
import { saidOfNvidia } from "./said-of-nvidia.ts"
import { isOneOf } from "./spec-call.ts"

/** undefined: nobody is. Faults: UsageInvalid. */
export function readSaidVendor(
  { values, lists, on }: Flags,
  shape: FlagShape,
): Result<GpuVendor | "all" | undefined> {
  const said = values.get("vendor")
  if (said !== undefined && !isOneOf([...gpuVendors, "all"] as const, said))
    return misused(shape, `--vendor takes one of ${gpuVendors.join(", ")}, or all`)
  if ((lists.get("vendor")?.length ?? 0) > 1)
    return misused(shape, "--vendor is said once: all is for all that are there")
  const word = saidOfNvidia.find((name) => values.has(name) || lists.has(name) || on.has(name))
  if (word !== undefined && said !== undefined && said !== "nvidia")
    return misused(shape, `--${word} is said of NVIDIA's GPUs alone`)
  return ok(word === undefined ? said : "nvidia")
}
