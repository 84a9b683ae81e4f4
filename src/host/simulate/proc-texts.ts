/** Texts of the driver's files in proc and sysfs, as its kernel module writes them. Source: machines with the driver. */

export interface ProcGpu {
  /** NVML's: by PCI address. */
  readonly index: number
  /** In `/dev/nvidia<minor>`. */
  readonly minor: number
  readonly pciAddress: string
  readonly uuid: string
  readonly product: string
}

/** The most telling lines first: where a file has only so much room, what follows is left out. */
export const informationLines = ({ minor, pciAddress, uuid, product }: ProcGpu): readonly string[] => [
  `Device Minor: \t ${minor}`,
  `GPU UUID: \t ${uuid}`,
  `Model: \t\t ${product}`,
  `Bus Location: \t ${pciAddress}`,
  "GPU Excluded:\t No",
  `IRQ:   \t\t ${100 + minor}`,
  "Video BIOS: \t 96.00.74.00.01",
  "Bus Type: \t PCIe",
  "DMA Size: \t 52 bits",
  "DMA Mask: \t 0xfffffffffffff",
  "GPU Firmware: \t N/A",
]

/** In the order of the driver. */
export function informationText(gpu: ProcGpu): string {
  const order = [
    "Model",
    "IRQ",
    "GPU UUID",
    "Video",
    "Bus Type",
    "DMA S",
    "DMA M",
    "Bus L",
    "Device",
    "GPU F",
    "GPU E",
  ]
  const lines = informationLines(gpu)
  return `${order.map((start) => lines.find((line) => line.startsWith(start)) ?? "").join("\n")}\n`
}

export const versionText = (driverVersion: string, architecture: "x86-64" | "aarch64" = "x86-64"): string =>
  `NVRM version: NVIDIA UNIX ${architecture === "aarch64" ? architecture : "x86_64"} Kernel Module  ${driverVersion}  Tue Apr  8 12:41:17 UTC 2025\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n`

export const paramsText =
  "ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 1\nDeviceFileUID: 0\nDeviceFileGID: 0\nDeviceFileMode: 438\nInitializeSystemMemoryAllocations: 1\nEnableMSI: 1\n"

/** Names under which device numbers are registered, by the node that shows the number. Order: as tried. */
const registrations: readonly (readonly [path: RegExp, name: string])[] = [
  [/^\/dev\/nvidia\d+$|^\/dev\/nvidiactl$|^\/dev\/nvidia-modeset$/, "nvidia"],
  [/^\/dev\/nvidia-uvm/, "nvidia-uvm"],
  [/^\/dev\/nvidia-caps\//, "nvidia-caps"],
  [/^\/dev\/nvidia-caps-imex-channels\//, "nvidia-caps-imex-channels"],
  [/^\/dev\/nvidia-nvswitch/, "nvidia-nvswitch"],
  [/^\/dev\/nvidia-nvlink/, "nvidia-nvlink"],
  [/^\/dev\/nvidia-fs/, "nvidia-fs"],
  [/^\/dev\/gdrdrv$/, "gdrdrv"],
  [/^\/dev\/dri\//, "drm"],
  [/^\/dev\/infiniband\/uverbs/, "infiniband_verbs"],
  [/^\/dev\/nvhost|^\/dev\/nvmap/, "nvhost"],
]

/** /proc/devices, as the nodes have it. */
export function devicesText(nodes: readonly { readonly path: string; readonly major: number }[]): string {
  const majors = new Map<string, number>()
  for (const [pattern, name] of registrations) {
    const found = nodes.find(({ path }) => pattern.test(path))
    if (found !== undefined) majors.set(name, found.major)
  }
  const nvidia = majors.get("nvidia")
  if (nvidia !== undefined) majors.set("nvidiactl", nvidia)
  const lines = [...majors]
    .sort(([, one], [, other]) => one - other)
    .map(([name, major]) => `${String(major).padStart(3)} ${name}`)
  return ["Character devices:", "  1 mem", ...lines, "", "Block devices:", "  8 sd", ""].join("\n")
}
