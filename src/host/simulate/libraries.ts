/**
 * The shared objects that a driver installs, with their SONAMEs, links and what they need of each other.
 * Source: the file list of the 550 driver for x86-64.
 */

import type { AbiNote } from "../../core/elf/elf.ts"

export interface SimulatedLibrary {
  /** `libcuda`: the file is `libcuda.so.<driver version>`. */
  readonly stem: string
  /** Number of the SONAME `libcuda.so.1`; undefined: the SONAME carries the driver's version. */
  readonly abi: number | undefined
  /** Is there an unversioned link for linking (`libcuda.so`)? */
  readonly hasDevelopmentLink: boolean
  readonly needed: readonly string[]
  /** Below the library directory. */
  readonly subdirectory: "" | "vdpau"
}

const library = (
  stem: string,
  abi: number | undefined,
  hasDevelopmentLink = false,
  needed: readonly string[] = [],
  subdirectory: "" | "vdpau" = "",
): SimulatedLibrary => ({ stem, abi, hasDevelopmentLink, needed, subdirectory })

const graphicsCore = ["libnvidia-eglcore", "libnvidia-glsi", "libnvidia-tls"]

export const simulatedLibraries: readonly SimulatedLibrary[] = [
  library("libcuda", 1, true),
  library("libcudadebugger", 1),
  library("libnvidia-ml", 1, true),
  library("libnvidia-cfg", 1, true),
  library("libnvidia-nscq", 2, true),
  library("libnvidia-opencl", 1),
  library("libnvidia-gpucomp", undefined),
  library("libnvidia-ptxjitcompiler", 1, true),
  library("libnvidia-allocator", 1, true),
  library("libnvidia-pkcs11", undefined),
  library("libnvidia-pkcs11-openssl3", undefined),
  library("libnvidia-nvvm", 4, true),
  library("libnvidia-ngx", 1),
  library("libvdpau_nvidia", 1, false, [], "vdpau"),
  library("libnvidia-encode", 1, true),
  library("libnvidia-opticalflow", 1, true),
  library("libnvcuvid", 1, true),
  library("libnvidia-eglcore", undefined, false, ["libnvidia-gpucomp"]),
  library("libnvidia-glcore", undefined, false, ["libnvidia-gpucomp", "libnvidia-tls"]),
  library("libnvidia-tls", undefined),
  library("libnvidia-glsi", undefined),
  library("libnvidia-fbc", 1, true),
  library("libnvidia-rtcore", undefined),
  library("libnvoptix", 1, true),
  library("libGLX_nvidia", 0, false, ["libnvidia-glcore", "libnvidia-tls"]),
  library("libEGL_nvidia", 0, false, graphicsCore),
  library("libGLESv2_nvidia", 2, false, graphicsCore),
  library("libGLESv1_CM_nvidia", 1, false, graphicsCore),
  library("libnvidia-glvkspirv", undefined),
  library("libnvidia-api", 1),
  library("libnvidia-vksc-core", 1),
  library("libnvidia-gtk3", undefined),
  library("libnvidia-wayland-client", undefined),
]

/** What the driver also brings for programs of 32 bits. Source: the file list of the 550 driver, its directory 32. */
export const compat32Libraries: ReadonlySet<string> = new Set([
  "libcuda",
  "libnvidia-ml",
  "libnvidia-opencl",
  "libnvidia-gpucomp",
  "libnvidia-ptxjitcompiler",
  "libnvidia-allocator",
  "libnvidia-nvvm",
  "libvdpau_nvidia",
  "libnvidia-encode",
  "libnvidia-opticalflow",
  "libnvcuvid",
  "libnvidia-eglcore",
  "libnvidia-glcore",
  "libnvidia-tls",
  "libnvidia-glsi",
  "libnvidia-fbc",
  "libGLX_nvidia",
  "libEGL_nvidia",
  "libGLESv2_nvidia",
  "libGLESv1_CM_nvidia",
  "libnvidia-glvkspirv",
])

/** The one library with an ABI note: Linux 2.3.99, the first with thread-local storage. */
export const notedLibraries: Readonly<Record<string, AbiNote>> = {
  "libnvidia-tls": { os: "linux", version: [2, 3, 99] },
}

/** Libraries that come with the driver and have versions of their own: file and SONAME. */
export const companionLibraries: readonly (readonly [file: string, soname: string])[] = [
  ["libnvidia-egl-gbm.so.1.1.1", "libnvidia-egl-gbm.so.1"],
  ["libnvidia-egl-wayland.so.1.1.13", "libnvidia-egl-wayland.so.1"],
]

/**
 * What a stub's one function is called and returns. Clients that open a library must find the function that they begin with, and be
 * told that there is nothing here for them: nvSandboxUtilsInit says "not supported" (2), and they go on as without the library.
 */
export function stubFunction(stem: string): { readonly symbol: string; readonly answer: number } {
  if (stem === "libnvidia-sandboxutils") return { symbol: "nvSandboxUtilsInit", answer: 2 }
  return {
    symbol: `gantry_${stem.replaceAll(/[^A-Za-z0-9_]/g, "_")}`,
    answer:
      1000 +
      Math.max(
        simulatedLibraries.findIndex((one) => one.stem === stem),
        0,
      ),
  }
}
