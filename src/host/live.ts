/** The machine that this process runs on. */

import type { Host } from "../core/host/host.ts"
import { withNvml } from "./ask-nvml.ts"
import { createLiveFiles } from "./live-files.ts"

export const createLiveHost = (): Host => withNvml(createLiveFiles())
