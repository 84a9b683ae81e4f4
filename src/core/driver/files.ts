/**
 * Which of the driver's files each capability brings. One word a file; the order is the reference's.
 * Source: facts, nvidia-container-cli §2.4 (tables of libnvidia-container 1.19), toolkit §5.4. What a file needs comes with it,
 * whatever stands here (closure).
 */

import type { DriverCapability } from "./capability.ts"

type LibraryTable = Readonly<Record<Exclude<DriverCapability, "compat32">, readonly string[]>>

/** Stems of libraries: `libcuda` stands for `libcuda.so.<driver version>`. */
export const librariesOf: LibraryTable = {
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

/** What the reference's tables miss: found needed by programs, or named by its own CDI generator alone. */
export const librariesBeyond: LibraryTable = {
  utility: ["libnvidia-sandboxutils"],
  compute: ["libnvidia-nvvm70"],
  ngx: [],
  video: [],
  graphics: [
    "libnvidia-egl-gbm",
    "libnvidia-egl-wayland",
    "libnvidia-egl-wayland2",
    "libnvidia-egl-xcb",
    "libnvidia-egl-xlib",
    "libnvidia-vulkan-producer",
    "libnvidia-vksc-core",
    "libnvidia-api",
    "libnvidia-present",
    // What the link in gbm/ leads to.
    "libnvidia-allocator",
  ],
  display: ["libnvidia-gtk2", "libnvidia-gtk3", "libnvidia-wayland-client"],
}

/** Libraries of the driver whose file does not carry the driver's version. */
export const unversionedLibrary: RegExp =
  /^(libnvidia-(?:egl-(?:gbm|wayland2?|xcb|xlib)|vulkan-producer)\.so\.\d+\.[\d.]+|libnvidia-nvvm70\.so\.\d+)$/
/** One of these begins each of their names: a text is searched for them before its names are looked at. */
export const unversionedBeginnings: readonly string[] = [
  "libnvidia-egl-",
  "libnvidia-vulkan-producer.so.",
  "libnvidia-nvvm70.so.",
]

export const binariesOf: Readonly<Partial<Record<DriverCapability, readonly string[]>>> = {
  utility: ["nvidia-smi", "nvidia-debugdump", "nvidia-persistenced", "nv-fabricmanager"],
  compute: ["nvidia-cuda-mps-control", "nvidia-cuda-mps-server"],
}

/** Brought by the reference's CDI generator, not by its command line. */
export const binariesBeyond: Readonly<Partial<Record<DriverCapability, readonly string[]>>> = {
  utility: ["nvidia-imex", "nvidia-imex-ctl"],
  display: ["nvidia-xconfig"],
}

/** Configuration files below each data directory, and where a container looks for them. */
export interface ConfigurationName {
  /** Below a data directory (/etc, /usr/local/share, /usr/share). */
  readonly name: string
  /** Directory that takes the place of the data directory in the container. */
  readonly into: "/usr/share" | "/etc"
  readonly capability: "compute" | "display" | "graphics"
  /** Stem of the library that is of little use without the file, and what then happens. */
  readonly missed?: { readonly library: string; readonly consequence: string }
}

/** Source: facts, toolkit §5.5. */
export const configurationsOf: readonly ConfigurationName[] = [
  {
    name: "glvnd/egl_vendor.d/10_nvidia.json",
    into: "/usr/share",
    capability: "graphics",
    missed: { library: "libEGL_nvidia", consequence: "EGL programs will not find the GPU" },
  },
  ...["15_nvidia_gbm", "10_nvidia_wayland", "09_nvidia_wayland2", "20_nvidia_xcb", "20_nvidia_xlib"].map(
    (name): ConfigurationName => ({
      name: `egl/egl_external_platform.d/${name}.json`,
      into: "/usr/share",
      capability: "graphics",
    }),
  ),
  {
    name: "nvidia/nvoptix.bin",
    into: "/usr/share",
    capability: "graphics",
    missed: { library: "libnvoptix", consequence: "OptiX denoiser will fail" },
  },
  ...["10-nvidia.conf", "nvidia-drm-outputclass.conf"].map(
    (name): ConfigurationName => ({
      name: `X11/xorg.conf.d/${name}`,
      into: "/usr/share",
      capability: "display",
    }),
  ),
  {
    name: "OpenCL/vendors/nvidia.icd",
    into: "/etc",
    capability: "compute",
    missed: { library: "libnvidia-opencl", consequence: "OpenCL programs will not find the GPU" },
  },
  {
    name: "vulkan/icd.d/nvidia_icd.json",
    into: "/etc",
    capability: "graphics",
    missed: { library: "libGLX_nvidia", consequence: "Vulkan programs will not find the GPU" },
  },
  ...["x86_64", "aarch64"].map(
    (machine): ConfigurationName => ({
      name: `vulkan/icd.d/nvidia_icd.${machine}.json`,
      into: "/etc",
      capability: "graphics",
    }),
  ),
  { name: "vulkan/icd.d/nvidia_layers.json", into: "/etc", capability: "graphics" },
  { name: "vulkan/implicit_layer.d/nvidia_layers.json", into: "/etc", capability: "graphics" },
]

/** Libraries whose absence is worth a word, when the rest of the driver is there. */
export const consequencesOf: readonly (readonly [
  stem: string,
  consequence: string,
  capability: DriverCapability,
])[] = [
  ["libcuda", "CUDA programs will not start", "compute"],
  ["libnvidia-ptxjitcompiler", "CUDA programs that are compiled at run time will fail", "compute"],
  ["libnvidia-opencl", "OpenCL programs will not find the GPU", "compute"],
  ["libnvidia-encode", "NVENC video encoding will fail", "video"],
  ["libnvcuvid", "NVDEC video decoding will fail", "video"],
  ["libEGL_nvidia", "EGL programs will not find the GPU", "graphics"],
  ["libGLX_nvidia", "OpenGL and Vulkan programs will not find the GPU", "graphics"],
  ["libnvoptix", "OptiX ray tracing will fail", "graphics"],
  ["libnvidia-rtcore", "ray tracing will fail", "graphics"],
  ["libnvidia-glvkspirv", "Vulkan programs cannot compile shaders", "graphics"],
  ["libnvidia-allocator", "programs that draw by GBM will not find the GPU", "graphics"],
]

/** Programs whose absence is worth a word. */
export const missedBinaries: readonly (readonly [
  name: string,
  consequence: string,
  capability: DriverCapability,
])[] = [
  ["nvidia-smi", "containers cannot look at their GPUs", "utility"],
  ["nvidia-cuda-mps-control", "the Multi-Process Service cannot be started in containers", "compute"],
]
