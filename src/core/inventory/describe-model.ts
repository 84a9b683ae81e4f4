/** What a GPU's model implies, as facts of the inventory. */

import { brandOf, generationOf } from "./gpu-model.ts"
import type { Gpu, Sourced } from "./inventory.ts"

type DescribedModel = Pick<Gpu, "model" | "architecture" | "computeCapability" | "brand">

/** By the model's name, wherever that is from. undefined: it is not known, and nothing is implied. */
export function describeModel(model: Sourced<string> | undefined): DescribedModel {
  const generation = model === undefined ? undefined : generationOf(model.value)
  const implied = (value: string | undefined): Sourced<string> | undefined =>
    value === undefined ? undefined : { value, source: "table of GPU models" }
  const brand = model === undefined ? undefined : brandOf(model.value)?.name
  return {
    model,
    architecture: implied(generation?.architecture),
    computeCapability: implied(generation?.computeCapability),
    brand: implied(brand),
  }
}

/** Machines have many GPUs of one model, and tables of models are long. */
export function rememberModels(): typeof describeModel {
  const known = new Map<string | undefined, ReturnType<typeof describeModel>>()
  return (model) => {
    const described = known.get(model?.value) ?? describeModel(model)
    known.set(model?.value, described)
    return { ...described, model }
  }
}
