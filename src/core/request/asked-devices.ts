/**
 * Who knows the devices that a container asks for: this machine by itself, or the machine's CDI specifications. In this order:
 *   the modes `legacy` and `csv` know no specifications, nor does a name of the kind that is made at a start
 *   a qualified name of another kind is a specification's; without a kind, in mode `cdi`, the configuration's default kind is meant
 *   of this machine's own kind, what looks like one of its GPUs (index, slot, UUID, bus address, `all`, `none`) is the machine's if it has it,
 *   and a specification's else; every other name is a specification's if one has it, and the machine's else (a word of the model)
 * Source: facts, toolkit §4.2; what differs stands in docs/differences.md.
 */

import type { Config } from "./config.ts"
import type { InjectionMode } from "./injection-mode.ts"
import type { GpuRequest } from "./request.ts"

export type AskedDevice =
  | { readonly from: "machine"; readonly selector: string }
  | {
      readonly from: "machineFirst" | "specificationFirst" | "specification"
      readonly selector: string
      /** `vendor/class=device`, as far as it is one. */
      readonly name: string
    }

const ownKind = "nvidia.com/gpu"
const kindMadeAtStart = "runtime.nvidia.com/gpu"

/** Order: as asked for, each once. Empty: the driver is asked for, but no device; in mode `cdi` that is a device's name too. */
export function askedDevices(
  { devices }: Pick<GpuRequest, "devices">,
  mode: InjectionMode,
  config: Config,
): readonly AskedDevice[] {
  const kind = (mode === "cdi" && config.value("nvidia-container-runtime.modes.cdi.default-kind")) || ownKind
  const named =
    devices.length === 0 && mode === "cdi" ? [`${kind}=none`] : devices.filter((one) => one !== "")
  const asked = new Map<string, AskedDevice>()
  for (const selector of named) {
    const one: AskedDevice = knowsNone.includes(mode)
      ? { from: "machine", selector }
      : judge(selector, mode, kind)
    const name = one.from === "machine" ? selector : one.name
    if (!asked.has(name)) asked.set(name, one)
  }
  return [...asked.values()]
}

const knowsNone: readonly InjectionMode[] = ["legacy", "csv"]

function judge(selector: string, mode: InjectionMode, defaultKind: string): AskedDevice {
  const isFull = selector.includes("/") && selector.includes("=")
  if (!isFull && mode !== "cdi") return { from: "machine", selector }
  const name = isFull ? selector : `${defaultKind}=${selector}`
  if (name.startsWith(`${kindMadeAtStart}=`)) return { from: "machine", selector }
  if (!name.startsWith(`${ownKind}=`)) return { from: "specification", selector, name }
  const looksOwn = formOfMachine.test(name.slice(ownKind.length + 1))
  return { from: looksOwn ? "machineFirst" : "specificationFirst", selector, name }
}

/** Names that this machine gives to GPUs and MIG devices; see core/inventory/select-devices.ts. */
const formOfMachine =
  /^(?:all|none|\d+|\d+:\d+|(?:GPU|MIG)-.*|(?:[0-9a-f]{1,8}:)?[0-9a-f]{1,2}:[0-9a-f]{1,2}(?:\.[0-7])?)$/i

/** Nothing can be said of these without reading specifications. */
export const needSpecifications = (asked: readonly AskedDevice[]): boolean =>
  asked.some(({ from }) => from === "specification" || from === "specificationFirst")
