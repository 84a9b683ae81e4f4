/**
 * Which of the driver's files each capability brings. One line a file; the order is the reference's.
 * Source: facts, nvidia-container-cli §2.4 (tables of libnvidia-container 1.19). What needs another file brings it (closure).
 */

import type { DriverCapability } from "./capability.ts"

/** Stems of libraries: `libcuda` stands for `libcuda.so.<driver version>`. */
export const librariesOf: Readonly<Record<Exclude<DriverCapability, "compat32">, readonly string[]>> = {
  utility: ["libnvidia-ml", "libnvidia-cfg", "libnvidia-nscq"],
  compute: [
    "libcuda",
    "libcudadebugger",
    "libnvidia-opencl",
    "libnvidia-gpucomp",
    "libnvidia-ptxjitcompiler",
    "libnvidia-fatbinaryloader",
    "libnvidia-allocator",
    "libnvidia-compiler",
    "libnvidia-pkcs11",
    "libnvidia-pkcs11-openssl3",
    "libnvidia-nvvm",
    "libnvidia-tileiras",
  ],
  ngx: ["libnvidia-ngx"],
  video: ["libvdpau_nvidia", "libnvidia-encode", "libnvidia-opticalflow", "libnvcuvid"],
  graphics: [
    "libnvidia-eglcore",
    "libnvidia-glcore",
    "libnvidia-tls",
    "libnvidia-glsi",
    "libnvidia-fbc",
    "libnvidia-ifr",
    "libnvidia-rtcore",
    "libnvoptix",
    "libGLX_nvidia",
    "libEGL_nvidia",
    "libGLESv2_nvidia",
    "libGLESv1_CM_nvidia",
    "libnvidia-glvkspirv",
    "libnvidia-cbl",
  ],
  display: [],
}

export const binariesOf: Readonly<Partial<Record<DriverCapability, readonly string[]>>> = {
  utility: ["nvidia-smi", "nvidia-debugdump", "nvidia-persistenced", "nv-fabricmanager"],
  compute: ["nvidia-cuda-mps-control", "nvidia-cuda-mps-server"],
}

/** Capabilities whose libraries come with a capability: video needs compute's, display is graphics with the mode-setting node. */
export const impliedLibraries: Readonly<Partial<Record<DriverCapability, readonly DriverCapability[]>>> = {
  video: ["compute"],
  display: ["graphics"],
}

/** Links that the reference makes beside a library, beyond the SONAME's. */
export const extraLinks: readonly {
  readonly stem: string
  readonly link: string
  readonly target: (version: string) => string
}[] = [
  { stem: "libcuda", link: "libcuda.so", target: () => "libcuda.so.1" },
  { stem: "libGLX_nvidia", link: "libGLX_indirect.so.0", target: (version) => `libGLX_nvidia.so.${version}` },
  {
    stem: "libnvidia-opticalflow",
    link: "libnvidia-opticalflow.so",
    target: () => "libnvidia-opticalflow.so.1",
  },
]
