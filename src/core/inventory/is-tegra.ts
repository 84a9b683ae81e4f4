/**
 * Is this machine a Tegra board, whose containers are served from its lists? A board that has a discrete GPU's driver and uses that alone is
 * an ordinary machine; one of whose GPUs is the board's own is a board. Asked at every start, so of files alone, and kept apart from what
 * else boards say: of an Orin's own GPU beside a discrete one no file tells, and NVML has to (observe-inventory.ts).
 * Source: facts, toolkit §4.1; the platform rules of NVIDIA Container Toolkit 1.20, which ask NVML for what files tell here.
 */

import type { HostFiles } from "../host/host.ts"
import { hostPath } from "../text/brand.ts"
import { decodeUtf8 } from "../text/utf8.ts"
import type { Inventory } from "./inventory.ts"

export type BoardFiles = Pick<HostFiles, "exists" | "readFile" | "readDir">

export const releasePath = hostPath("/etc/nv_tegra_release")
const gpuDirectory = "/proc/driver/nvidia/gpus"

export const isTegra = (host: BoardFiles): boolean => hasBoardFiles(host) && isOwnGpuUsed(host)

/** Of a board, whichever of its GPUs it uses. */
export const hasBoardFiles = (host: BoardFiles): boolean =>
  host.exists(releasePath) || /^\s*tegra/i.test(textOf(host, "/sys/devices/soc0/family"))

/** As far as files tell. */
export function isOwnGpuUsed(host: BoardFiles): boolean {
  const gpus = host.readDir(hostPath(gpuDirectory))
  if (!gpus.ok || gpus.value.length === 0) return true
  return gpus.value.some((name) => isIntegratedName(textOf(host, `${gpuDirectory}/${name}/information`)))
}

function textOf(host: BoardFiles, path: string): string {
  const content = host.readFile(hostPath(path))
  return content.ok ? decodeUtf8(content.value) : ""
}

/** As NVML names a board's own GPU, and the driver where it shows it: `Orin (nvgpu)`, `NVIDIA Thor`. */
export const isIntegratedName = (name: string): boolean => /\(nvgpu\)|NVIDIA Thor/.test(name)

/** Images keep its newer CUDA in a directory of its own. */
export const isOrin = ({ boardGpu }: Pick<Inventory, "boardGpu">): boolean =>
  boardGpu?.name.includes("Orin") === true
