/**
 * `nvidia-container-cli info` and `list`, drop-in: same options, same texts, same exit statuses (0, or 1 for every failure).
 * `configure` is not served yet, and says so.
 */

import { renderCliInfo, renderCliInfoCsv } from "../core/explain/render-cli-info.ts"
import { renderCliList } from "../core/explain/render-cli-list.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { observeMigMinors } from "../core/inventory/observe-mig.ts"
import { selectDevices } from "../core/inventory/select-devices.ts"
import { observeSnapshot } from "../core/plan/snapshot.ts"
import { escapeControl } from "../core/text/escape.ts"
import { openHost } from "../host/open-host.ts"
import { version } from "../version.ts"
import { type CliCall, type Given, parseCliFlags } from "./container-cli-flags.ts"
import { print, report } from "./report.ts"

const program = "nvidia-container-cli"
const usage = `${program} [-d FILE] [-k] [-n] [-u[UID[:GID]]] [-r PATH] [-l FILE] info [--csv] | list [-d ID] [-l] [-b] [-i] [-f] [--compat32] [--mig-config=ID] [--mig-monitor=ID] [--imex-channel=CHANNEL]`

export function run(args: readonly string[]): number {
  // Our own, so that a simulated machine or a recording can be asked: `--host=…` before everything else.
  const host = /^--host=(.*)$/s.exec(args[0] ?? "")?.[1]
  const call = parseCliFlags(host === undefined ? args : args.slice(1))
  const text = answer(call, host)
  if (!text.ok) {
    report(text.fault)
    return 1
  }
  // Names of files and models are a stranger's: a line stays a line, and no terminal is told what to do.
  print(text.value.split("\n").map(escapeControl).join("\n"))
  return 0
}

function answer(call: CliCall, selector: string | undefined): Result<string> {
  switch (call.kind) {
    case "wrong":
      return fail(fault("UsageInvalid", { program, problem: call.problem, usage }))
    case "help":
    case "usage":
      return ok(`Usage: ${usage}\n`)
    case "version":
      return ok(versionLines())
    case "command":
      return call.command === "configure"
        ? fail(fault("CliCommandUnserved", { program, command: "configure" }))
        : ask(call, selector)
  }
}

/** The seven lines that the reference prints; what is not built from C says what it is. */
const versionLines = (): string =>
  [
    ["cli-version", version],
    ["lib-version", version],
    ["build date", "unknown"],
    ["build revision", "gantry"],
    ["build compiler", "bun"],
    ["build platform", process.arch === "arm64" ? "aarch64" : "x86_64"],
    ["build flags", "none"],
  ]
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("")

/** Faults: HostUnknown, RecordingInvalid, DriverNotLoaded, DeviceUnknown, DeviceAmbiguous, MigRightInvalid, ImexChannelInvalid. */
function ask(
  call: Extract<CliCall, { readonly kind: "command" }>,
  selector: string | undefined,
): Result<string> {
  const opened = openHost(selector)
  if (!opened.ok) return opened
  const host = opened.value
  const last = (name: string): string | undefined => call.global.get(name)?.at(-1)
  const { inventory, driver } = observeSnapshot(host, {
    driverRoot: last("root") ?? "/",
    ldcache: last("ldcache") ?? "/etc/ld.so.cache",
  })
  if (driver === undefined) return fail(fault("DriverNotLoaded", { host: host.provenance.name }))
  const broken = driver.findings.find(({ severity }) => severity === "error")
  if (broken !== undefined) return fail(broken.fault)
  if (call.command === "info")
    return ok(call.given.has("csv") ? renderCliInfoCsv(inventory) : renderCliInfo(inventory))

  const { given } = call
  const isBare = [...given.keys()].every((name) => name === "imex-channel")
  const deviceList = isBare ? "all" : joined(given, "device")
  for (const right of ["mig-config", "mig-monitor"] as const)
    for (const item of (joined(given, right) ?? "").split(","))
      if (item !== "" && item.toLowerCase() !== "all")
        return fail(fault("MigRightInvalid", { right, item, problem: "item" }))
  const channels = (joined(given, "imex-channel") ?? "").split(",").filter((item) => item !== "")
  const invalid = channels.find((item) => !/^\d{1,9}$/.test(item))
  if (invalid !== undefined) return fail(fault("ImexChannelInvalid", { channel: invalid }))
  // Where no GPU can be used, the reference does not look at the list.
  const devices =
    deviceList === undefined || !inventory.gpus.some(({ state }) => state === "usable")
      ? ok([])
      : selectDevices(deviceList.split(","), inventory)
  if (!devices.ok) return devices
  const hasRight = (right: "mig-config" | "mig-monitor"): boolean =>
    (joined(given, right) ?? "").replaceAll(",", "") !== ""
  const isCutSelected = devices.value.some(
    ({ kind, selector: by }) => kind === "mig" && by.toLowerCase() !== "all",
  )
  for (const right of ["mig-config", "mig-monitor"] as const)
    if (hasRight(right) && isCutSelected)
      return fail(fault("MigRightInvalid", { right, item: "all", problem: "devices" }))
  const has = (name: string): boolean => isBare || given.has(name)
  const sockets = has("ipcs")
    ? ["persistenced", "fabricmanager", "mps"].filter((name) => !given.has(`no-${name}`))
    : []
  return ok(
    renderCliList(inventory, driver, observeMigMinors(host), {
      devices: deviceList === undefined ? undefined : devices.value,
      imexChannels: channels.map(Number),
      hasMigConfig: hasRight("mig-config"),
      hasMigMonitor: hasRight("mig-monitor"),
      hasBinaries: has("binaries"),
      hasLibraries: has("libraries"),
      hasCompat32: has("compat32"),
      hasFirmware: has("firmwares"),
      sockets,
    }),
  )
}

/** A repeated list option is one list. */
const joined = (given: Given, name: string): string | undefined => given.get(name)?.join(",")
