/**
 * How GPUs of a simulated machine are cut into MIG devices: `GPU:GI/CI=PROFILE`, separated by commas; `GI/CI` may be left out and is
 * then counted up. From it come capability files, nodes and their numbers.
 */

export interface SimulatedMigDevice {
  readonly gpu: number
  readonly gpuInstance: number
  readonly computeInstance: number
  readonly profile: string
}

/** Order: by GPU, GPU instance, compute instance. undefined: not a layout. */
export function parseMigLayout(text: string): readonly SimulatedMigDevice[] | undefined {
  const devices: SimulatedMigDevice[] = []
  for (const item of text.split(",").filter((one) => one !== "")) {
    const match = /^(\d{1,2}):(?:(\d{1,2})\/(\d{1,2})=)?(\d[0-9a-z.+-]{2,20})$/.exec(item)
    if (match === null) return undefined
    const [, gpu, gpuInstance, computeInstance, profile = ""] = match
    const used = devices.filter((one) => one.gpu === Number(gpu)).map((one) => one.gpuInstance)
    devices.push({
      gpu: Number(gpu),
      gpuInstance: gpuInstance === undefined ? Math.max(0, ...used) + 1 : Number(gpuInstance),
      computeInstance: Number(computeInstance ?? 0),
      profile,
    })
  }
  const keys = new Set(devices.map((one) => `${one.gpu}/${one.gpuInstance}/${one.computeInstance}`))
  if (keys.size !== devices.length || devices.length === 0) return undefined
  return devices.sort(
    (one, other) =>
      one.gpu - other.gpu ||
      one.gpuInstance - other.gpuInstance ||
      one.computeInstance - other.computeInstance,
  )
}

/** Two GPUs that are cut in unlike ways; the third stays whole. */
export const exampleMigLayout: readonly SimulatedMigDevice[] =
  parseMigLayout("0:1/0=3g.20gb,0:2/0=2g.10gb,0:2/1=1c.2g.10gb,1:0/0=7g.40gb,1:5/0=1g.5gb+gfx") ?? []

export interface MigCapability {
  /** `gpu0/gi1/access`, or `config`, `monitor`. */
  readonly name: string
  readonly minor: number
  readonly mode: number
}

/**
 * The rights over MIG and one right for each instance, with the numbers of their nodes: those given, from 3 up when there are not as
 * many. The driver numbers in the same order. In the names stands the GPU's minor, which `gpu` must be here. Order: by number.
 */
export function migCapabilities(
  devices: readonly SimulatedMigDevice[],
  numbers: readonly number[] = [],
): readonly MigCapability[] {
  const names: string[] = []
  for (const { gpu, gpuInstance, computeInstance } of devices) {
    const place = `gpu${gpu}/gi${gpuInstance}`
    if (!names.includes(`${place}/access`)) names.push(`${place}/access`)
    names.push(`${place}/ci${computeInstance}/access`)
  }
  return [
    { name: "config", minor: 1, mode: 0o400 },
    { name: "monitor", minor: 2, mode: 0o444 },
    ...names.map((name, index) => ({
      name,
      minor: numbers.length === names.length ? (numbers[index] ?? index + 3) : index + 3,
      mode: 0o444,
    })),
  ]
}

export const migMinorsText = (capabilities: readonly MigCapability[]): string =>
  capabilities.map(({ name, minor }) => `${name} ${minor}\n`).join("")

/** `gpu0/gi1/access` → gpu0/mig/gi1/access, `config` → mig/config: below the driver's directory of capabilities. */
export const capabilityFile = ({ name }: Pick<MigCapability, "name">): string =>
  name.includes("/") ? name.replace("/", "/mig/") : `mig/${name}`

/** The capability file in proc. Modes are told in decimal. */
export const capabilityText = ({ minor, mode }: Pick<MigCapability, "minor" | "mode">): string =>
  `DeviceFileMinor: ${minor}\nDeviceFileMode: ${mode}\nDeviceFileModify: 1\n`
