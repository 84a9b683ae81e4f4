/**
 * What comes along with a capability or a library. Apart from the tables of files, which a start does not need: what it may give is in the
 * catalogue already. Source: facts, nvidia-container-cli §2.4, §2.5.
 */

import type { DriverCapability } from "./capability.ts"

/** Capabilities whose libraries come with a capability: video needs compute's, display is graphics with the mode-setting node. */
export const impliedLibraries: Readonly<Partial<Record<DriverCapability, readonly DriverCapability[]>>> = {
  video: ["compute"],
  display: ["graphics"],
}

/** Links that the reference makes beside a library, beyond the SONAME's. `isNewer`: its command line for containers knows nothing of it. */
export const extraLinks: readonly {
  readonly stem: string
  readonly link: string
  readonly target: (version: string) => string
  readonly isNewer?: true
}[] = [
  { stem: "libcuda", link: "libcuda.so", target: () => "libcuda.so.1" },
  { stem: "libGLX_nvidia", link: "libGLX_indirect.so.0", target: (version) => `libGLX_nvidia.so.${version}` },
  {
    stem: "libnvidia-opticalflow",
    link: "libnvidia-opticalflow.so",
    target: () => "libnvidia-opticalflow.so.1",
  },
  {
    stem: "libnvidia-vulkan-producer",
    link: "libnvidia-vulkan-producer.so",
    target: (version) => `libnvidia-vulkan-producer.so.${version}`,
    isNewer: true,
  },
]
