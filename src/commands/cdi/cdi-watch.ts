/**
 * `gantry cdi watch`: specifications that are kept as the machine is, a file for each vendor. What generates them is what `gantry cdi generate` does;
 * how each is kept is watch-file.ts. Vendors are watched side by side, so that what is amiss with one's GPUs is nothing to another's file.
 */

import { isSpecFileName } from "../../core/cdi/registry/spec-directories.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { joinPath } from "../../core/text/path.ts"
import { statIfThere } from "../../host/files/stat-if-there.ts"
import { openHost } from "../../host/open-host.ts"
import type { Flags } from "../flags.ts"
import { machineFlags, machineUsage, saidPlaces } from "../machine/machine-flags.ts"
import { report, writeText } from "../report.ts"
import { misused, runAction } from "./cdi-flags.ts"
import { type GpuVendor, gpuVendors } from "./choose-vendors.ts"
import { readWatchConfig } from "./look-for-watch.ts"
import { kindOfMode } from "./make-spec.ts"
import { readSaidVendor } from "./said-vendor.ts"
import { readSpecCall, type SpecCall, specFlags, specUsage } from "./spec-call.ts"
import { type WatchPace, watchFile } from "./watch-file.ts"
import { type WatchedGpus, watchNvidia, watchVendor } from "./watched-gpus.ts"

const shape = {
  program: "gantry cdi watch",
  usage: `gantry cdi watch --output FILE|DIR/ [--vendor nvidia|amd|intel|all] [--once] [--interval SECONDS] [--ready-timeout SECONDS] [--withdraw-stale] [--without-nodes] [--config FILE] [--format yaml|json] ${specUsage} ${machineUsage}`,
  valued: ["vendor", ...specFlags.valued, "interval", "ready-timeout", "config", ...machineFlags],
  switches: [...specFlags.switches, "once", "withdraw-stale", "without-nodes", "help", "h"],
}

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, async (flags) => {
    const call = await readCall(flags)
    if (!call.ok) return call
    const { watched, pace } = call.value
    // A service that is stopped has done nothing wrong, and a file is written whole or not at all. Who looks once has not done what 0 would say.
    if (!pace.isOnce)
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0))
    const ends = await Promise.all(
      watched.map(async (one) => ({ path: one.call.output, end: await watchFile(one, pace) })),
    )
    let exit = 0
    for (const { path, end } of ends) {
      if (end.ok) continue
      if (!pace.isAlone) writeText(2, `${path}: `)
      exit = await report(end.fault)
    }
    return ok({ text: "", exit })
  })

interface WatchCall {
  /** Not empty. Order: as files of several vendors are made. */
  readonly watched: readonly WatchedGpus[]
  readonly pace: WatchPace
}

/** A service may take some seconds to come up after the driver. Units: milliseconds. */
const completeMs = 10_000

/** Faults: UsageInvalid, and those of readSpecCall and readWatchConfig; with several vendors those of openHost and saidPlaces too. */
async function readCall(flags: Flags): Promise<Result<WatchCall>> {
  const spec = await readSpecCall(flags, shape)
  if (!spec.ok) return spec
  const files = readFiles(flags, spec.value)
  if (!files.ok) return files
  // It is needed only once a node is missing, which may be weeks from now.
  const config = flags.values.has("config") ? readWatchConfig(flags) : ok(true)
  if (!config.ok) return config
  const intervalMs = readSeconds(flags.values.get("interval") ?? "2")
  if (intervalMs === undefined || intervalMs === 0)
    return misused(shape, "--interval is a number of seconds above 0 and up to 3600")
  const readyMs = readSeconds(flags.values.get("ready-timeout") ?? "60")
  if (readyMs === undefined) return misused(shape, "--ready-timeout is a number of seconds up to 3600")
  const limits = { readyMs, completeMs: Math.min(completeMs, readyMs) }
  const isAlone = files.value.length === 1
  // What is wrong with the command line ends it at once; what comes to be wrong later is one vendor's.
  const isSound = isAlone ? ok(true) : checkMachine(flags)
  if (!isSound.ok) return isSound
  return ok({
    watched: files.value.map(([vendor, call]) =>
      vendor === "nvidia"
        ? watchNvidia(flags, shape, call, isAlone && !flags.values.has("vendor") ? "told" : "known")
        : watchVendor(vendor, flags, call),
    ),
    pace: {
      isOnce: flags.on.has("once"),
      intervalMs,
      limits,
      withdrawsAtOnce: flags.on.has("withdraw-stale"),
      isAlone,
    },
  })
}

/** Faults: HostUnknown, RecordingInvalid, UsageInvalid. */
function checkMachine(flags: Flags): Result<unknown> {
  const host = openHost(flags.values.get("host"))
  return host.ok ? saidPlaces(flags, shape) : host
}

/** Whose files are kept, each with its own. In a directory everybody's are, who is there now or comes later. Faults: UsageInvalid. */
function readFiles(flags: Flags, call: SpecCall): Result<readonly (readonly [GpuVendor, SpecCall])[]> {
  const { output } = call
  const said = readSaidVendor(flags, shape)
  if (!said.ok) return said
  const isFile = isSpecFileName(output)
  if (!output.startsWith("/") || !(isFile || isDirectory(output)))
    return misused(
      shape,
      "--output names the file that is kept fresh: an absolute path that ends in .yaml or .json; or a directory for the files of all vendors, with / at its end",
    )
  const vendor = said.value ?? (isFile ? "nvidia" : "all")
  if (vendor === "all" && isFile)
    return misused(
      shape,
      `a file has one kind: let --output name a directory, or --vendor one of ${gpuVendors.join(", ")}`,
    )
  const vendors = vendor === "all" ? gpuVendors : [vendor]
  const idle = ["without-nodes", "config"].find((name) => flags.on.has(name) || flags.values.has(name))
  if (idle !== undefined && !vendors.includes("nvidia"))
    return misused(shape, `--${idle} is said of NVIDIA's GPUs alone: the kernel makes the nodes of others`)
  return ok(
    vendors.map((one) => [one, isFile ? call : { ...call, output: joinPath(output, nameOf(one, call)) }]),
  )
}

const isDirectory = (path: string): boolean => path.endsWith("/") || statIfThere(path)?.isDirectory() === true

/** As `generate` calls it in a directory. */
function nameOf(vendor: GpuVendor, { kind, mode, format }: SpecCall): string {
  const own =
    vendor === "nvidia" ? (kind ?? kindOfMode(mode === "auto" ? "nvml" : mode)) : `${vendor}.com/gpu`
  return `${own.replace("/", "-")}.${format}`
}

/** As milliseconds. */
const readSeconds = (text: string): number | undefined =>
  /^\d{1,4}(\.\d{1,3})?$/.test(text) && Number(text) <= 3600 ? Number(text) * 1000 : undefined
