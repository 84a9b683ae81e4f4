/** `gantry info`: GPUs, MIG devices, driver, nodes, and what is wrong with them. It reads and prints; it changes nothing. */

import { renderInfoJson, renderInfoTable } from "../core/explain/render-info.ts"
import { ok, type Result } from "../core/fault/result.ts"
import { selectDevices } from "../core/inventory/select-devices.ts"
import { observeAmd } from "../core/vendor/amd/observe-amd.ts"
import { observeIntel } from "../core/vendor/intel/observe-intel.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { isHelpAsked, tellHelp } from "./help/asked-help.ts"
import { machineFlags, machineUsage } from "./machine/machine-flags.ts"
import { observeMachine } from "./machine/observe-machine.ts"
import { print, report } from "./report.ts"

const shape = {
  program: "gantry info",
  usage: `gantry info [--device SELECTOR,…] [--json] ${machineUsage}`,
  valued: ["device", ...machineFlags],
  switches: ["json", "help", "h"],
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  if (isHelpAsked(flags.value)) return tellHelp(shape.usage)
  if (flags.value.words.length > 0)
    return report(usageFault(shape, `unexpected ${JSON.stringify(flags.value.words[0])}`))
  const text = describe(flags.value)
  if (!text.ok) return report(text.fault)
  await print(text.value)
  return 0
}

/** Without a selector everything is shown, also GPUs that cannot be used, and those of other vendors, which no selector means. */
function describe(flags: Flags): Result<string> {
  const observed = observeMachine(flags, shape)
  if (!observed.ok) return observed
  const { snapshot, host } = observed.value
  const { gpus, migDevices } = snapshot.inventory
  const others = { amd: observeAmd(host), intel: observeIntel(host) }
  const view = { snapshot, kind: host.provenance.kind, gpus, migDevices, others }
  const render = flags.on.has("json") ? renderInfoJson : renderInfoTable
  const wanted = flags.values.get("device")
  if (wanted === undefined) return ok(render(view))
  const selected = selectDevices(wanted.split(","), snapshot.inventory)
  if (!selected.ok) return selected
  return ok(
    render({
      ...view,
      others: undefined,
      gpus: selected.value.flatMap((one) => (one.kind === "gpu" ? [one.gpu] : [])),
      migDevices: selected.value.flatMap((one) => (one.kind === "mig" ? [one.device] : [])),
    }),
  )
}
