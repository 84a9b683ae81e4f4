/** `gantry driver files|diff`: the driver's files with why each is in, and what two drivers do not have in common. */

import type { DriverCapability } from "../core/driver/capability.ts"
import type { DriverCatalogue } from "../core/driver/catalogue.ts"
import { diffDrivers, renderDriverDiff } from "../core/explain/diff-drivers.ts"
import {
  chooseDriverFiles,
  listDriverFiles,
  renderDriverFiles,
  renderDriverFilesJson,
} from "../core/explain/render-driver-files.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { driverAbsence } from "../core/plan/driver-absence.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { isHelpAsked, tellHelp } from "./help/asked-help.ts"
import { machineFlags, machineUsage, placesUsage } from "./machine/machine-flags.ts"
import { observeMachine } from "./machine/observe-machine.ts"
import { print, report } from "./report.ts"

const shape = {
  program: "gantry driver",
  usage: `gantry driver files [--capability NAME,…] [--json] ${machineUsage} | gantry driver diff MACHINE MACHINE [--json] ${placesUsage}`,
  valued: ["capability", ...machineFlags],
  switches: ["json", "help", "h"],
}

const capabilities: readonly DriverCapability[] = [
  "compat32",
  "compute",
  "display",
  "graphics",
  "ngx",
  "utility",
  "video",
]

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  if (isHelpAsked(flags.value)) return tellHelp(shape.usage)
  const [action, ...words] = flags.value.words
  const text =
    action === "files" && words.length === 0
      ? files(flags.value)
      : action === "diff" && words.length === 2
        ? diff(flags.value, words as [string, string])
        : fail(usageFault(shape, "say files, or diff and two machines"))
  if (!text.ok) return report(text.fault)
  await print(text.value)
  return 0
}

/** Faults: UsageInvalid, DriverNotLoaded, and those of opening a machine. */
function files(flags: Flags): Result<string> {
  const asked = (flags.values.get("capability") ?? "").split(",").filter((name) => name !== "")
  const isAll = asked.length === 0 || asked.includes("all")
  const unknown = asked.find((name) => name !== "all" && !capabilities.some((one) => one === name))
  if (unknown !== undefined)
    return fail(
      usageFault(
        shape,
        `unknown capability ${JSON.stringify(unknown)}, known: ${capabilities.join(", ")}, all`,
      ),
    )
  const driver = findDriver(flags)
  if (!driver.ok) return driver
  const rows = chooseDriverFiles(
    listDriverFiles(driver.value),
    isAll ? [] : capabilities.filter((one) => asked.includes(one)),
  )
  return ok((flags.on.has("json") ? renderDriverFilesJson : renderDriverFiles)(driver.value, rows))
}

function findDriver(flags: Flags, machine?: string): Result<DriverCatalogue> {
  const observed = observeMachine(flags, shape, { selector: machine })
  if (!observed.ok) return observed
  const { snapshot } = observed.value
  return snapshot.driver === undefined ? fail(driverAbsence(snapshot)) : ok(snapshot.driver)
}

/** Faults: UsageInvalid, DriverNotLoaded, and those of opening a machine. */
function diff(flags: Flags, machines: readonly [string, string]): Result<string> {
  const foreign = ["host", "capability"].find((name) => flags.values.has(name))
  if (foreign !== undefined) return fail(usageFault(shape, `--${foreign} is said of files, not of diff`))
  const one = findDriver(flags, machines[0])
  if (!one.ok) return one
  const other = findDriver(flags, machines[1])
  if (!other.ok) return other
  const difference = diffDrivers(one.value, other.value)
  const versions = { one: one.value.version, other: other.value.version }
  return ok(
    flags.on.has("json")
      ? `${JSON.stringify({ version: 1, versions, ...difference }, null, 2)}\n`
      : renderDriverDiff(machines, difference),
  )
}
