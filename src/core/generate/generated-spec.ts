/** Which specifications generators of the toolkit's made, as theirs are told from those that people write. */

import { type ToolkitHook, toolkitHooks } from "../cdi/edits/toolkit-hooks.ts"
import { splitKind } from "../cdi/rules/name-rules.ts"
import { allEdits, type CdiSpec, type Hook } from "../cdi/spec.ts"
import { isMachineName } from "./machine-names.ts"
import { specModes } from "./spec-request.ts"

/** Also of a vendor of theirs, as `management.nvidia.com`. */
export const isKindOfNvidia = (kind: string): boolean => /(?:^|\.)nvidia\.com$/.test(splitKind(kind).vendor)

/**
 * As this generator or the reference's makes them: of a kind of NVIDIA's that names what they are asked for, with a device of such a name; or of
 * any kind, with the driver's nodes and the toolkit's hooks.
 */
export function isGeneratedSpec(spec: CdiSpec): boolean {
  if (isKindOfNvidia(spec.kind) && generatedClasses.has(splitKind(spec.kind).class))
    return spec.devices.some(({ name }) => isMachineName(name))
  const all = allEdits(spec)
  return (
    all.some(({ deviceNodes }) => deviceNodes.some(({ path }) => path.startsWith("/dev/nvidia"))) &&
    all.some(({ hooks }) => hooks.some((hook) => hookOf(hook) !== undefined))
  )
}

const generatedClasses: ReadonlySet<string> = new Set(["gpu", "imex-channel", ...specModes])

/** The hook that it calls; undefined: none of ours. */
export const hookOf = ({ args }: Hook): ToolkitHook | "complete-container" | undefined =>
  [...toolkitHooks, "complete-container" as const].find((name) => args.includes(name))
