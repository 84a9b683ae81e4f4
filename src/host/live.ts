/** The machine that this process runs on. */

import type { Host } from "../core/host/host.ts"
import { createLiveFiles } from "./live-files.ts"
import { type NvmlAsking, withNvml } from "./nvml/ask-nvml.ts"

export const createLiveHost = (nvml?: NvmlAsking): Host => withNvml(createLiveFiles(), nvml)
