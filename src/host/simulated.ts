/** A directory that stands for a machine, and answers for NVML too. */

import type { Host } from "../core/host/host.ts"
import { type NvmlAsking, withNvml } from "./nvml/ask-nvml.ts"
import { createSimulatedFiles } from "./simulated-files.ts"

/** `nvml`: how NVML is asked, and where its answers are kept. */
export const createSimulatedHost = (directory: string, nvml?: NvmlAsking): Host =>
  withNvml(createSimulatedFiles(directory), nvml)
