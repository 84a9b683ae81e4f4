/**
 * What lies on a simulated machine, as a list of paths: GPUs, nodes, proc, sysfs, the driver's files. Pure: the writer makes it.
 * Source: listings of machines with a driver; numbers as the driver registers them (195 is NVIDIA's major).
 */

import { renderElf } from "../../core/elf/render-elf.ts"
import { flagsOf, type LdcacheEntry } from "../../core/ldcache/ldcache.ts"
import { renderLdcache } from "../../core/ldcache/render-ldcache.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { simulatedLibraries } from "./libraries.ts"
import type { GpuModel } from "./models.ts"
import { nvidiaSmi } from "./nvidia-smi.ts"

export type Made =
  | { readonly kind: "file"; readonly path: string; readonly content: Uint8Array; readonly mode: number }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | {
      readonly kind: "node"
      readonly path: string
      readonly major: number
      readonly minor: number
      readonly mode: number
    }

export interface SimulatedGpu {
  readonly index: number
  readonly pciAddress: string
  readonly uuid: string
}

export interface MachineShape {
  readonly model: GpuModel
  readonly gpus: number
  readonly driverVersion: string
  /** A UUID for a GPU; the same for the same name. */
  readonly uuidFor: (name: string) => string
}

const nvidiaMajor = 195
const uvmMajor = 510
const capsMajor = 236
const libraryDirectory = "/usr/lib/x86_64-linux-gnu"

/** Order: parents need not come first, nothing comes twice. */
export function describeMachine(shape: MachineShape): readonly Made[] {
  const gpus = listGpus(shape)
  return [
    ...deviceNodes(gpus),
    ...procFiles(shape, gpus),
    ...sysFiles(shape, gpus),
    ...driverLibraries(shape.driverVersion),
    ...driverFiles(shape, gpus),
  ]
}

const text = (path: string, content: string, mode = 0o644): Made => ({
  kind: "file",
  path,
  content: encodeUtf8(content),
  mode,
})

/** Bus numbers rise with the index, as NVML's order demands. */
function listGpus({ gpus, model, uuidFor }: MachineShape): readonly SimulatedGpu[] {
  return Array.from({ length: gpus }, (_, index) => ({
    index,
    pciAddress: `0000:${(0x10 + index * 3).toString(16).padStart(2, "0")}:00.0`,
    uuid: `GPU-${uuidFor(`${model.name}-${index}`)}`,
  }))
}

function deviceNodes(gpus: readonly SimulatedGpu[]): readonly Made[] {
  const node = (name: string, major: number, minor: number, mode = 0o666): Made => ({
    kind: "node",
    path: `/dev/${name}`,
    major,
    minor,
    mode,
  })
  return [
    ...gpus.map(({ index }) => node(`nvidia${index}`, nvidiaMajor, index)),
    node("nvidiactl", nvidiaMajor, 255),
    node("nvidia-modeset", nvidiaMajor, 254),
    node("nvidia-uvm", uvmMajor, 0),
    node("nvidia-uvm-tools", uvmMajor, 1),
    node("nvidia-caps/nvidia-cap1", capsMajor, 1, 0o400),
    node("nvidia-caps/nvidia-cap2", capsMajor, 2, 0o444),
  ]
}

function procFiles({ model, driverVersion }: MachineShape, gpus: readonly SimulatedGpu[]): readonly Made[] {
  const information = ({ index, pciAddress, uuid }: SimulatedGpu): string =>
    [
      `Model: \t\t ${model.product}`,
      `IRQ:   \t\t ${100 + index}`,
      `GPU UUID: \t ${uuid}`,
      "Video BIOS: \t 96.00.74.00.01",
      "Bus Type: \t PCIe",
      "DMA Size: \t 52 bits",
      "DMA Mask: \t 0xfffffffffffff",
      `Bus Location: \t ${pciAddress}`,
      `Device Minor: \t ${index}`,
      "GPU Firmware: \t N/A",
      "GPU Excluded:\t No",
      "",
    ].join("\n")
  const capability = (name: string, minor: number): Made =>
    text(
      `/proc/driver/nvidia/capabilities/mig/${name}`,
      `DeviceFileMinor: ${minor}\nDeviceFileMode: ${minor === 1 ? 256 : 292}\nDeviceFileModify: 1\n`,
    )
  return [
    text(
      "/proc/driver/nvidia/version",
      `NVRM version: NVIDIA UNIX x86_64 Kernel Module  ${driverVersion}  Tue Apr  8 12:41:17 UTC 2025\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n`,
    ),
    text(
      "/proc/driver/nvidia/params",
      "ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 1\nDeviceFileUID: 0\nDeviceFileGID: 0\nDeviceFileMode: 438\nInitializeSystemMemoryAllocations: 1\nEnableMSI: 1\n",
    ),
    text("/proc/driver/nvidia/registry", 'Binary: ""\n'),
    ...gpus.map((gpu) => text(`/proc/driver/nvidia/gpus/${gpu.pciAddress}/information`, information(gpu))),
    capability("config", 1),
    capability("monitor", 2),
    text("/proc/driver/nvidia-caps/mig-minors", "config 1\nmonitor 2\n"),
    text(
      "/proc/devices",
      `Character devices:\n  1 mem\n  5 /dev/tty\n 10 misc\n${nvidiaMajor} nvidia\n${nvidiaMajor} nvidiactl\n226 drm\n${capsMajor} nvidia-caps\n${uvmMajor} nvidia-uvm\n\nBlock devices:\n  8 sd\n`,
    ),
  ]
}

function sysFiles({ model, driverVersion }: MachineShape, gpus: readonly SimulatedGpu[]): readonly Made[] {
  const perGpu = gpus.flatMap(({ index, pciAddress }): readonly Made[] => {
    const place = `/sys/devices/pci0000:00/${pciAddress}`
    return [
      {
        kind: "symlink",
        path: `/sys/bus/pci/devices/${pciAddress}`,
        target: `../../../devices/pci0000:00/${pciAddress}`,
      },
      text(`${place}/vendor`, "0x10de\n"),
      text(`${place}/device`, `0x${model.pciDevice}\n`),
      text(`${place}/class`, "0x030200\n"),
      text(`${place}/numa_node`, `${index * 2 < gpus.length ? 0 : 1}\n`),
    ]
  })
  return [...perGpu, text("/sys/module/nvidia/version", `${driverVersion}\n`)]
}

function driverLibraries(driverVersion: string): readonly Made[] {
  const made: Made[] = []
  const cached: LdcacheEntry[] = []
  for (const [
    order,
    { stem, abi, hasDevelopmentLink, needed, subdirectory },
  ] of simulatedLibraries.entries()) {
    const file = `${stem}.so.${driverVersion}`
    const soname = abi === undefined ? file : `${stem}.so.${abi}`
    const directory = subdirectory === "" ? libraryDirectory : `${libraryDirectory}/${subdirectory}`
    const content = renderElf({
      machine: "x86-64",
      soname,
      needed: needed.map((one) => `${one}.so.${driverVersion}`),
      symbol: `gantry_${stem.replaceAll(/[^A-Za-z0-9_]/g, "_")}`,
      answer: 1000 + order,
    })
    made.push({ kind: "file", path: `${directory}/${file}`, content, mode: 0o755 })
    if (soname !== file) made.push({ kind: "symlink", path: `${directory}/${soname}`, target: file })
    if (hasDevelopmentLink) made.push({ kind: "symlink", path: `${directory}/${stem}.so`, target: soname })
    const entry = { path: `${directory}/${soname}`, flags: flagsOf["x86-64"], osVersion: 0, hwcap: 0n }
    if (subdirectory === "") cached.push({ soname, ...entry })
    if (subdirectory === "" && hasDevelopmentLink)
      cached.push({ ...entry, soname: `${stem}.so`, path: `${directory}/${stem}.so` })
  }
  made.push({
    kind: "file",
    path: "/etc/ld.so.cache",
    content: renderLdcache({ entries: cached, hwcapNames: [], extensions: [] }),
    mode: 0o644,
  })
  return made
}

function driverFiles({ model, driverVersion }: MachineShape, gpus: readonly SimulatedGpu[]): readonly Made[] {
  const stand = (name: string): Made =>
    text(`/usr/bin/${name}`, `#!/bin/sh\necho "${name}: simulated driver ${driverVersion}"\n`, 0o755)
  return [
    text("/usr/bin/nvidia-smi", nvidiaSmi({ product: model.product, driverVersion, gpus }), 0o755),
    ...["nvidia-debugdump", "nvidia-persistenced", "nvidia-cuda-mps-control", "nvidia-cuda-mps-server"].map(
      stand,
    ),
    text("/etc/ld.so.conf", `${libraryDirectory}\n`),
    ...["gsp_ga10x.bin", "gsp_tu10x.bin"].map((name) =>
      text(`/lib/firmware/nvidia/${driverVersion}/${name}`, "simulated firmware\n"),
    ),
    text(
      "/etc/vulkan/icd.d/nvidia_icd.json",
      '{"file_format_version":"1.0.1","ICD":{"library_path":"libGLX_nvidia.so.0"}}\n',
    ),
    text(
      "/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
      '{"file_format_version":"1.0.0","ICD":{"library_path":"libEGL_nvidia.so.0"}}\n',
    ),
    text("/usr/share/nvidia/nvoptix.bin", "simulated\n"),
    text("/etc/OpenCL/vendors/nvidia.icd", "libnvidia-opencl.so.1\n"),
  ]
}
