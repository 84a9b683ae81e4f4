/**
 * `gantry observe-nvml LIBRARY MILLISECONDS`: the child process in which NVML is asked. Gantry itself starts it, and waits for it at the first start
 * with some GPUs: nothing else is loaded here.
 */

import { writeSync } from "node:fs"
import { queryNvml } from "../linux/nvml.ts"
import { boundOwnLife } from "../linux/own-life.ts"

/** NVML on a machine with sixteen GPUs needs a hundredth of it. */
const memoryBytes = 1024 ** 3

export function run([library = "", timeLimit = "0"]: readonly string[]): number {
  boundOwnLife({ timeLimitMs: Number(timeLimit), memoryBytes })
  writeSync(1, JSON.stringify(queryNvml(library)))
  return 0
}
