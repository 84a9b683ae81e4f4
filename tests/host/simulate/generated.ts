/** Generated machines with defects, for tests, made on disk in a directory of the test's own. */

import type { DefectiveMachine } from "../../../src/host/simulate/defective-machine.ts"
import { orderDefect } from "../../../src/host/simulate/defects.ts"
import { describeMachine, listGpus } from "../../../src/host/simulate/machine.ts"
import { parseMigLayout } from "../../../src/host/simulate/mig-layout.ts"
import { findModel } from "../../../src/host/simulate/models.ts"
import { standInForNvml } from "../../../src/host/simulate/nvml.ts"
import { goodBehaviour } from "../../../src/host/simulate/nvml-behaviour.ts"
import { uuidFor, writeMachine } from "../../../src/host/simulate/write-machine.ts"

export interface GeneratedOptions {
  readonly gpus?: number
  readonly model?: string
  readonly driverVersion?: string
  readonly mig?: string
  readonly imexChannels?: number
  readonly driverRoot?: string
  readonly hasCompat32?: boolean
  readonly defects?: readonly string[]
  /** The stand-in costs a run of the compiler. */
  readonly hasNvml?: boolean
}

export const compiler = Bun.which("cc") ?? Bun.which("gcc")

/** The state of the NVML stand-in. */
export function makeMachine(directory: string, options: GeneratedOptions = {}): string {
  const {
    gpus = 2,
    model = "a100",
    driverVersion = "550.163.01",
    mig,
    defects = [],
    hasNvml = false,
  } = options
  const found = findModel(model)
  if (found === undefined) throw new Error(model)
  const migDevices = mig === undefined ? [] : (parseMigLayout(mig) ?? [])
  const shape = { ...options, model: found, gpus, driverVersion, uuidFor, migDevices }
  const machine = orderAll({ made: describeMachine(shape), denied: [], nvml: goodBehaviour }, defects)
  const description = { model: found, driverVersion, gpus: listGpus(shape), migDevices }
  const nvml = hasNvml ? standInForNvml(machine, description) : { made: machine.made, state: "left out" }
  const written = writeMachine(directory, {
    model,
    driverVersion,
    gpus,
    made: nvml.made,
    denied: machine.denied,
  })
  if (!written.ok) throw new Error(JSON.stringify(written.fault))
  return nvml.state
}

function orderAll(machine: DefectiveMachine, defects: readonly string[]): DefectiveMachine {
  let ordered = machine
  for (const order of defects) {
    const changed = orderDefect(ordered, order)
    if (typeof changed === "string") throw new Error(changed)
    ordered = changed
  }
  return ordered
}
