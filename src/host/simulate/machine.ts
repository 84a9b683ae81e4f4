/**
 * What lies on a generated machine, as a list of paths: GPUs, nodes, proc, sysfs, the driver's files. Pure: the writer makes it.
 * Source: listings of machines with a driver; numbers as the driver registers them (195 is NVIDIA's major).
 */

import { joinPath } from "../../core/text/path.ts"
import { driverFiles, driverLibraries, type SimulatedArchitecture, textFile } from "./driver-files.ts"
import type { Made } from "./made.ts"
import {
  capabilityFile,
  capabilityText,
  migCapabilities,
  migMinorsText,
  type SimulatedMigDevice,
} from "./mig-layout.ts"
import type { GpuModel } from "./models.ts"
import { devicesText, informationText, type ProcGpu, paramsText, versionText } from "./proc-texts.ts"

export interface MachineShape {
  readonly model: GpuModel
  readonly gpus: number
  readonly driverVersion: string
  /** A UUID for a GPU; the same for the same name. */
  readonly uuidFor: (name: string) => string
  readonly migDevices?: readonly SimulatedMigDevice[]
  /** false: no DRM nodes, as on a machine without nvidia_drm. */
  readonly hasDrm?: boolean
  readonly imexChannels?: number
  /** Where the driver's files lie; `/` when absent. */
  readonly driverRoot?: string
  /** `x86-64` when absent. */
  readonly architecture?: SimulatedArchitecture
  readonly hasCompat32?: boolean
}

const nvidiaMajor = 195
const uvmMajor = 510
const capsMajor = 236
const imexMajor = 235
const switchMajor = 237
const drmMajor = 226

/** Order: parents need not come first, nothing comes twice. */
export function describeMachine(shape: MachineShape): readonly Made[] {
  const gpus = listGpus(shape)
  const nodes = deviceNodes(shape, gpus)
  const { driverVersion, architecture = "x86-64", hasCompat32 = false } = shape
  const driverShape = { driverVersion, architecture, hasCompat32 }
  const driver = [...driverLibraries(driverShape), ...driverFiles(shape.model.product, driverShape, gpus)]
  const root = shape.driverRoot ?? "/"
  return [
    ...nodes,
    ...procFiles(shape, gpus, nodes),
    ...sysFiles(shape, gpus),
    // Where services put their sockets; many programs still look for them below /var.
    { kind: "directory", path: "/run", mode: 0o755 },
    // Not `/run`, as some distributions have it: who writes below a simulated machine's directory must not end in the real one's.
    { kind: "symlink", path: "/var/run", target: "../run" },
    ...driver.map((made): Made => ({ ...made, path: joinPath(root, made.path) })),
    ...(root === "/" ? [] : nodes.map((made): Made => ({ ...made, path: joinPath(root, made.path) }))),
  ]
}

/** Bus numbers rise with the index, as NVML's order demands. More GPUs than a bus has room for go to the next domain. */
export function listGpus({ gpus, model, uuidFor }: MachineShape): readonly ProcGpu[] {
  const perDomain = 64
  return Array.from({ length: gpus }, (_, index) => {
    const domain = Math.floor(index / perDomain)
    const bus = 0x10 + (index % perDomain) * 3
    return {
      index,
      minor: index,
      product: model.product,
      pciAddress: `${domain.toString(16).padStart(4, "0")}:${bus.toString(16).padStart(2, "0")}:00.0`,
      uuid: `GPU-${uuidFor(`${model.name}-${index}`)}`,
    }
  })
}

function deviceNodes(
  { model, migDevices = [], hasDrm = true, imexChannels = 0 }: MachineShape,
  gpus: readonly ProcGpu[],
): readonly (Made & { readonly kind: "node" | "symlink" })[] {
  const node = (name: string, major: number, minor: number, mode = 0o666, gid = 0) =>
    ({ kind: "node", path: `/dev/${name}`, major, minor, mode, gid }) as const
  const link = (name: string, target: string) =>
    ({ kind: "symlink", path: `/dev/dri/by-path/${name}`, target }) as const
  return [
    ...gpus.map(({ index }) => node(`nvidia${index}`, nvidiaMajor, index)),
    node("nvidiactl", nvidiaMajor, 255),
    node("nvidia-modeset", nvidiaMajor, 254),
    node("nvidia-uvm", uvmMajor, 0),
    node("nvidia-uvm-tools", uvmMajor, 1),
    ...migCapabilities(migDevices).map(({ minor, mode }) =>
      node(`nvidia-caps/nvidia-cap${minor}`, capsMajor, minor, mode),
    ),
    ...Array.from({ length: imexChannels }, (_, channel) =>
      node(`nvidia-caps-imex-channels/channel${channel}`, imexMajor, channel),
    ),
    ...(model.hasSwitches
      ? [
          node("nvidia-nvswitchctl", switchMajor, 255),
          ...Array.from({ length: 4 }, (_, index) => node(`nvidia-nvswitch${index}`, switchMajor, index)),
        ]
      : []),
    ...(hasDrm ? gpus : []).flatMap(({ index, pciAddress }) => [
      node(`dri/card${index + 1}`, drmMajor, index + 1, 0o660, 44),
      node(`dri/renderD${128 + index}`, drmMajor, 128 + index, 0o660, 105),
      link(`pci-${pciAddress}-card`, `../card${index + 1}`),
      link(`pci-${pciAddress}-render`, `../renderD${128 + index}`),
    ]),
  ]
}

function procFiles(
  { driverVersion, migDevices = [], architecture = "x86-64" }: MachineShape,
  gpus: readonly ProcGpu[],
  nodes: readonly Made[],
): readonly Made[] {
  const capabilities = "/proc/driver/nvidia/capabilities"
  return [
    textFile("/proc/driver/nvidia/version", versionText(driverVersion, architecture)),
    textFile("/proc/driver/nvidia/params", paramsText),
    textFile("/proc/driver/nvidia/registry", 'Binary: ""\n'),
    ...gpus.map((gpu) =>
      textFile(`/proc/driver/nvidia/gpus/${gpu.pciAddress}/information`, informationText(gpu)),
    ),
    ...migCapabilities(migDevices).map((one) =>
      textFile(`${capabilities}/${capabilityFile(one)}`, capabilityText(one)),
    ),
    textFile("/proc/driver/nvidia-caps/mig-minors", migMinorsText(migCapabilities(migDevices))),
    textFile("/proc/devices", devicesText(nodes.filter((one) => one.kind === "node"))),
  ]
}

function sysFiles(
  { model, driverVersion, hasDrm = true }: MachineShape,
  gpus: readonly ProcGpu[],
): readonly Made[] {
  const perGpu = gpus.flatMap(({ index, pciAddress }): readonly Made[] => {
    const bridge = `pci${pciAddress.slice(0, 7)}`.replace(/:..$/, ":00")
    const place = `/sys/devices/${bridge}/${pciAddress}`
    return [
      {
        kind: "symlink",
        path: `/sys/bus/pci/devices/${pciAddress}`,
        target: `../../../devices/${bridge}/${pciAddress}`,
      },
      textFile(`${place}/vendor`, "0x10de\n"),
      textFile(`${place}/device`, `0x${model.pciDevice}\n`),
      textFile(`${place}/class`, `0x${model.isDisplay ? "030000" : "030200"}\n`),
      textFile(`${place}/numa_node`, `${index * 2 < gpus.length ? 0 : 1}\n`),
      ...(hasDrm ? [`card${index + 1}`, `renderD${128 + index}`] : []).map(
        (name): Made => ({ kind: "directory", path: `${place}/drm/${name}`, mode: 0o755 }),
      ),
    ]
  })
  const modules = ["nvidia_modeset", "nvidia_uvm", ...(hasDrm ? ["nvidia_drm"] : [])]
  return [
    ...perGpu,
    textFile("/sys/module/nvidia/version", `${driverVersion}\n`),
    ...modules.map((name): Made => ({ kind: "directory", path: `/sys/module/${name}`, mode: 0o755 })),
  ]
}
