/** The user-space driver of a generated machine: libraries, binaries, firmware, configuration files. Paths are inside the driver root. */

import { renderElf } from "../../core/elf/render-elf.ts"
import { flagsOf, type LdcacheEntry } from "../../core/ldcache/ldcache.ts"
import { renderLdcache } from "../../core/ldcache/render-ldcache.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import {
  companionLibraries,
  compat32Libraries,
  notedLibraries,
  simulatedLibraries,
  stubFunction,
} from "./libraries.ts"
import type { Made } from "./made.ts"
import { nvidiaSmi } from "./nvidia-smi.ts"
import type { ProcGpu } from "./proc-texts.ts"

/** What the driver was built for. */
export type SimulatedArchitecture = "x86-64" | "aarch64"
type LibraryMachine = SimulatedArchitecture | "i386"

/** As Debian does it. */
const libraryDirectories: Readonly<Record<LibraryMachine, string>> = {
  "x86-64": "/usr/lib/x86_64-linux-gnu",
  aarch64: "/usr/lib/aarch64-linux-gnu",
  i386: "/usr/lib/i386-linux-gnu",
}

export const textFile = (path: string, content: string, mode = 0o644): Made => ({
  kind: "file",
  path,
  content: encodeUtf8(content),
  mode,
})

export interface DriverShape {
  readonly driverVersion: string
  readonly architecture: SimulatedArchitecture
  /** Libraries for programs of 32 bits too? */
  readonly hasCompat32: boolean
}

export function driverLibraries({ driverVersion, architecture, hasCompat32 }: DriverShape): readonly Made[] {
  const machines: readonly LibraryMachine[] = hasCompat32 ? [architecture, "i386"] : [architecture]
  const sets = machines.map((machine) => librariesFor(machine, driverVersion))
  // The loader's own order: what it meets first counts, and it looks at the kind of library anyway.
  const cached = sets.flatMap((set) => set.cached)
  return [
    ...sets.flatMap((set) => set.made),
    {
      kind: "file",
      path: "/etc/ld.so.cache",
      content: renderLdcache({ entries: cached, hwcapNames: [], extensions: [] }),
      mode: 0o644,
    },
  ]
}

interface LibrarySet {
  readonly made: readonly Made[]
  readonly cached: readonly LdcacheEntry[]
}

function librariesFor(machine: LibraryMachine, driverVersion: string): LibrarySet {
  const libraryDirectory = libraryDirectories[machine]
  const made: Made[] = []
  const cached: LdcacheEntry[] = []
  const add = (
    directory: string,
    file: string,
    soname: string,
    needed: readonly string[],
    development: string | undefined,
  ): void => {
    const stem = file.replace(/\.so.*$/, "")
    const abi = Object.hasOwn(notedLibraries, stem) ? notedLibraries[stem] : undefined
    const content = renderElf({
      machine,
      soname,
      needed,
      ...stubFunction(stem),
      ...(abi === undefined ? {} : { abi }),
    })
    made.push({ kind: "file", path: `${directory}/${file}`, content, mode: 0o755 })
    if (soname !== file) made.push({ kind: "symlink", path: `${directory}/${soname}`, target: file })
    if (development !== undefined)
      made.push({ kind: "symlink", path: `${directory}/${development}`, target: soname })
    if (directory !== libraryDirectory) return
    const [major = 0, minor = 0, patch = 0] = abi?.version ?? []
    const entry = { flags: flagsOf[machine], osVersion: major * 0x10000 + minor * 0x100 + patch, hwcap: 0n }
    for (const name of development === undefined ? [soname] : [soname, development])
      cached.push({ ...entry, soname: name, path: `${directory}/${name}` })
  }
  for (const { stem, abi, hasDevelopmentLink, needed, subdirectory } of simulatedLibraries) {
    if (machine === "i386" && !compat32Libraries.has(stem)) continue
    const file = `${stem}.so.${driverVersion}`
    add(
      subdirectory === "" ? libraryDirectory : `${libraryDirectory}/${subdirectory}`,
      file,
      abi === undefined ? file : `${stem}.so.${abi}`,
      needed.map((one) => `${one}.so.${driverVersion}`),
      hasDevelopmentLink ? `${stem}.so` : undefined,
    )
  }
  if (machine !== "i386")
    for (const [file, soname] of companionLibraries) add(libraryDirectory, file, soname, [], undefined)
  const link = (name: string, target: string): Made => ({
    kind: "symlink",
    path: `${libraryDirectory}/${name}`,
    target,
  })
  made.push(
    link("libGLX_indirect.so.0", `libGLX_nvidia.so.${driverVersion}`),
    link("gbm/nvidia-drm_gbm.so", `../libnvidia-allocator.so.${driverVersion}`),
  )
  return { made, cached }
}

const icd = (library: string): string =>
  `${JSON.stringify({ file_format_version: "1.0.0", ICD: { library_path: library } })}\n`

export function driverFiles(
  product: string,
  { driverVersion, architecture, hasCompat32 }: DriverShape,
  gpus: readonly ProcGpu[],
): readonly Made[] {
  const stand = (name: string): Made =>
    textFile(`/usr/bin/${name}`, `#!/bin/sh\necho "${name}: simulated driver ${driverVersion}"\n`, 0o755)
  const xorg = "/usr/lib/xorg/modules"
  const module = (path: string): Made => ({
    kind: "file",
    path,
    content: renderElf({
      machine: architecture,
      soname: path.slice(path.lastIndexOf("/") + 1),
      needed: [],
      symbol: "gantry_module",
      answer: 1,
    }),
    mode: 0o755,
  })
  return [
    textFile("/usr/bin/nvidia-smi", nvidiaSmi({ product, driverVersion, gpus }), 0o755),
    ...[
      "nvidia-debugdump",
      "nvidia-persistenced",
      "nvidia-cuda-mps-control",
      "nvidia-cuda-mps-server",
      "nvidia-imex",
      "nvidia-imex-ctl",
      "nvidia-xconfig",
    ].map(stand),
    textFile(
      "/etc/ld.so.conf",
      `${libraryDirectories[architecture]}\n${hasCompat32 ? `${libraryDirectories.i386}\n` : ""}`,
    ),
    ...["gsp_ga10x.bin", "gsp_tu10x.bin"].map((name) =>
      textFile(`/lib/firmware/nvidia/${driverVersion}/${name}`, "simulated firmware\n"),
    ),
    textFile("/etc/vulkan/icd.d/nvidia_icd.json", icd("libGLX_nvidia.so.0")),
    textFile("/usr/share/glvnd/egl_vendor.d/10_nvidia.json", icd("libEGL_nvidia.so.0")),
    textFile(
      "/usr/share/egl/egl_external_platform.d/10_nvidia_wayland.json",
      icd("libnvidia-egl-wayland.so.1"),
    ),
    textFile("/usr/share/egl/egl_external_platform.d/15_nvidia_gbm.json", icd("libnvidia-egl-gbm.so.1")),
    textFile("/usr/share/nvidia/nvoptix.bin", "simulated\n"),
    textFile("/etc/OpenCL/vendors/nvidia.icd", "libnvidia-opencl.so.1\n"),
    textFile("/usr/share/X11/xorg.conf.d/10-nvidia.conf", 'Section "OutputClass"\nEndSection\n'),
    module(`${xorg}/drivers/nvidia_drv.so`),
    module(`${xorg}/extensions/libglxserver_nvidia.so.${driverVersion}`),
    {
      kind: "symlink",
      path: `${xorg}/extensions/libglxserver_nvidia.so`,
      target: `libglxserver_nvidia.so.${driverVersion}`,
    },
  ]
}
