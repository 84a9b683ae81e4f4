/** The machine that this process runs on. */

import type { Host } from "../core/host/host.ts"
import { type NvmlAsking, withNvml } from "./ask-nvml.ts"
import { createLiveFiles } from "./live-files.ts"

export const createLiveHost = (nvml?: NvmlAsking): Host => withNvml(createLiveFiles(), nvml)
