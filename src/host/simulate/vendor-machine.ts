/**
 * GPUs of AMD and Intel on a generated machine: their places on the bus, DRM nodes and what their drivers write in sysfs, as a list of paths.
 * Pure: the writer makes it. Source: the kernel's amdgpu, amdxcp, amdkfd, i915 and xe; udev's names in /dev/dri/by-path.
 */

import { textFile } from "./driver-files.ts"
import type { Made } from "./made.ts"
import { type AmdModel, amdModels, type IntelModel, intelModels, partitionModes } from "./vendor-models.ts"

export interface AmdOrder {
  readonly model: AmdModel
  readonly count: number
  /** `spx`, `dpx`, `qpx`, `cpx`. */
  readonly mode: string
}

export interface IntelOrder {
  readonly model: IntelModel
  readonly count: number
}

export interface VendorShape {
  readonly amd: readonly AmdOrder[]
  readonly intel: readonly IntelOrder[]
  /** DRM devices that other GPUs of the machine have: ours are numbered after them. */
  readonly drmBefore: number
  /** Sixteen hexadecimal digits; the same for the same name. */
  readonly uniqueIdFor: (name: string) => string
}

/** What every machine has, without any driver. */
export const bareMachine: readonly Made[] = [
  { kind: "directory", path: "/run", mode: 0o755 },
  { kind: "symlink", path: "/var/run", target: "../run" },
  { kind: "directory", path: "/proc", mode: 0o755 },
]

/** Of each vendor. The kernel has 64 numbers for DRM devices before it goes on elsewhere. */
const gpuLimit = 64

/** `MODEL[:COUNT[:MODE]]`; a text: what is wrong with it. */
export function parseAmdOrder(order: string): AmdOrder | string {
  const [name = "", rawCount = "1", mode = "spx", ...more] = order.split(":")
  const model = amdModels.find((one) => one.name === name)
  const count = parseCount(rawCount)
  if (model === undefined || count === undefined || more.length > 0)
    return `MODEL[:COUNT[:MODE]], with a model of ${amdModels.map((one) => one.name).join(", ")}`
  if (!Object.hasOwn(partitionModes, mode)) return `a mode of ${Object.keys(partitionModes).join(", ")}`
  const isCut = mode !== "spx"
  return isCut && model.dies === 1 ? `no mode for ${model.name}, which cannot be cut` : { model, count, mode }
}

/** `MODEL[:COUNT]`; a text: what is wrong with it. */
export function parseIntelOrder(order: string): IntelOrder | string {
  const [name = "", rawCount = "1", ...more] = order.split(":")
  const model = intelModels.find((one) => one.name === name)
  const count = parseCount(rawCount)
  if (model === undefined || count === undefined || more.length > 0)
    return `MODEL[:COUNT], with a model of ${intelModels.map((one) => one.name).join(", ")}`
  return model.isIntegrated && count > 1 ? "one integrated GPU at most" : { model, count }
}

const parseCount = (text: string): number | undefined =>
  /^[1-9]\d?$/.test(text) && Number(text) <= gpuLimit ? Number(text) : undefined

export function describeVendorGpus(shape: VendorShape): readonly Made[] {
  const drm = new DrmNumbers(shape.drmBefore)
  return [...describeAmdGpus(shape, drm), ...describeIntelGpus(shape, drm)]
}

/** Cards and render nodes get numbers together, in the order in which drivers register. */
class DrmNumbers {
  #next: number
  constructor(before: number) {
    this.#next = before
  }
  /** A DRM device of the directory: what the kernel shows of it, its nodes, and udev's links. */
  register(
    directory: string,
    udevName: string,
  ): { readonly renderMinor: number; readonly made: readonly Made[] } {
    const card = this.#next + 1
    const renderMinor = 128 + this.#next++
    const one = (name: string, minor: number, gid: number, kind: string): readonly Made[] => [
      textFile(`${directory}/drm/${name}/dev`, `226:${minor}\n`, 0o444),
      { kind: "node", path: `/dev/dri/${name}`, major: 226, minor, mode: 0o660, gid },
      { kind: "symlink", path: `/dev/dri/by-path/${udevName}-${kind}`, target: `../${name}` },
    ]
    return {
      renderMinor,
      made: [
        ...one(`card${card}`, card, 44, "card"),
        ...one(`renderD${renderMinor}`, renderMinor, renderGid, "render"),
      ],
    }
  }
}

const renderGid = 105
/** Dynamic on a real machine. */
const kfdMajor = 234
const perDomain = 8
const busStep = 0x21

/** First buses are chosen so that no vendor's GPUs meet another's, NVIDIA's included (machine.ts). */
function addressOf(
  place: number,
  firstBus: number,
): { readonly domain: number; readonly bus: number; readonly pciAddress: string } {
  const domain = Math.floor(place / perDomain)
  const bus = firstBus + (place % perDomain) * busStep
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")
  return { domain, bus, pciAddress: `${hex(domain, 4)}:${hex(bus, 2)}:00.0` }
}

interface BusDevice {
  readonly pciAddress: string
  readonly vendor: string
  readonly pciDevice: string
  readonly pciClass: string
  readonly driver: string
}

const placeOf = (pciAddress: string): string => `/sys/devices/pci${pciAddress.slice(0, 4)}:00/${pciAddress}`

function describeBusDevice({ pciAddress, vendor, pciDevice, pciClass, driver }: BusDevice): readonly Made[] {
  const place = placeOf(pciAddress)
  return [
    {
      kind: "symlink",
      path: `/sys/bus/pci/devices/${pciAddress}`,
      target: `../../../devices/pci${pciAddress.slice(0, 4)}:00/${pciAddress}`,
    },
    textFile(`${place}/vendor`, `0x${vendor}\n`, 0o444),
    textFile(`${place}/device`, `0x${pciDevice}\n`, 0o444),
    textFile(`${place}/class`, `0x${pciClass}\n`, 0o444),
    textFile(`${place}/numa_node`, "0\n"),
    { kind: "symlink", path: `${place}/driver`, target: `../../../bus/pci/drivers/${driver}` },
  ]
}

const driverDirectories = (drivers: readonly string[]): readonly Made[] =>
  [...new Set(drivers)].flatMap((driver): readonly Made[] => [
    { kind: "directory", path: `/sys/bus/pci/drivers/${driver}`, mode: 0o755 },
    { kind: "directory", path: `/sys/module/${driver}`, mode: 0o755 },
  ])

const topology = "/sys/devices/virtual/kfd/kfd/topology/nodes"

function describeAmdGpus({ amd, uniqueIdFor }: VendorShape, drm: DrmNumbers): readonly Made[] {
  const gpus = amd.flatMap(({ model, count, mode }) => Array.from({ length: count }, () => ({ model, mode })))
  if (gpus.length === 0) return []
  const made: Made[] = [
    ...driverDirectories(["amdgpu"]),
    { kind: "node", path: "/dev/kfd", major: kfdMajor, minor: 0, mode: 0o660, gid: renderGid },
    { kind: "symlink", path: "/sys/class/kfd/kfd", target: "../../devices/virtual/kfd/kfd" },
    // The processor is the first node.
    textFile(`${topology}/0/gpu_id`, "0\n", 0o444),
    textFile(`${topology}/0/properties`, propertiesText({ cpu_cores_count: 96, simd_count: 0 }), 0o444),
  ]
  let node = 1
  let platform = 0
  for (const [place, { model, mode }] of gpus.entries()) {
    const { domain, bus, pciAddress } = addressOf(place, 0x05)
    const directory = placeOf(pciAddress)
    const { pciDevice, pciClass, dies, gfxVersion } = model
    const parts = partitionModes[mode]?.(dies) ?? 1
    const uniqueId = uniqueIdFor(`${model.name}-${place}`)
    const own = drm.register(directory, `pci-${pciAddress}`)
    made.push(
      ...describeBusDevice({ pciAddress, vendor: "1002", pciDevice, pciClass, driver: "amdgpu" }),
      ...own.made,
      textFile(`${directory}/unique_id`, `${uniqueId}\n`, 0o444),
      ...(dies === 1
        ? []
        : [
            textFile(`${directory}/current_compute_partition`, `${mode.toUpperCase()}\n`),
            textFile(`${directory}/current_memory_partition`, "NPS1\n"),
          ]),
    )
    // The kernel makes a device for every part that there could be; those beyond the mode's are spare.
    const others = Array.from({ length: dies - 1 }, () => {
      const name = `amdgpu_xcp_${platform++}`
      const device = drm.register(`/sys/devices/platform/${name}`, `platform-${name}`)
      made.push(...device.made)
      return device.renderMinor
    })
    for (const [part, renderMinor] of [own.renderMinor, ...others].slice(0, parts).entries()) {
      const id = parts === 1 ? uniqueId : uniqueIdFor(`${model.name}-${place}-${part}`)
      made.push(
        textFile(`${topology}/${node}/gpu_id`, `${1000 + node}\n`, 0o444),
        textFile(
          `${topology}/${node}/properties`,
          propertiesText({
            cpu_cores_count: 0,
            simd_count: 152 * (dies / parts),
            gfx_target_version: gfxVersion,
            vendor_id: 0x1002,
            device_id: Number.parseInt(pciDevice, 16),
            location_id: (bus << 8) | part,
            domain,
            drm_render_minor: renderMinor,
            unique_id: BigInt(`0x${id}`),
          }),
          0o444,
        ),
      )
      node++
    }
  }
  return made
}

const propertiesText = (properties: Readonly<Record<string, number | bigint>>): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name} ${value}\n`)
    .join("")

function describeIntelGpus({ intel }: VendorShape, drm: DrmNumbers): readonly Made[] {
  const models = intel.flatMap(({ model, count }) => Array.from({ length: count }, () => model))
  let discrete = 0
  return [
    ...driverDirectories(models.map(({ driver }) => driver)),
    ...models.flatMap(({ pciDevice, pciClass, driver, isIntegrated }): readonly Made[] => {
      const pciAddress = isIntegrated ? "0000:00:02.0" : addressOf(discrete++, 0x03).pciAddress
      return [
        ...describeBusDevice({ pciAddress, vendor: "8086", pciDevice, pciClass, driver }),
        ...drm.register(placeOf(pciAddress), `pci-${pciAddress}`).made,
      ]
    }),
  ]
}
