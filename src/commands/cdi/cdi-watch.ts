/**
 * `gantry cdi watch`: one specification, kept as the machine is. What generates it is what `gantry cdi generate` does; when, is
 * next-step.ts. A machine that is not whole gets no new specification, and the last good one stays as long as what it names is there.
 */

import { isSpecFileName } from "../../core/cdi/registry/spec-directories.ts"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { renderFaultLine } from "../../core/fault/render.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { renderMadeSpec } from "../../core/generate/made-spec.ts"
import { nextStep, type Past, type Step, type WatchLimits } from "../../core/generate/next-step.ts"
import { counted } from "../../core/text/counted.ts"
import { parentPath } from "../../core/text/path.ts"
import { holdsExactly } from "../../host/cdi/holds-exactly.ts"
import { fileStamp } from "../../host/cdi/published-spec.ts"
import { holdDirectory } from "../../host/files/hold-directory.ts"
import type { Flags } from "../flags.ts"
import { machineFlags, machineUsage } from "../machine/machine-flags.ts"
import { print } from "../report.ts"
import { misused, runAction } from "./cdi-flags.ts"
import { findEnginesWithoutCdi, findReaders } from "./find-readers.ts"
import { findRivals, writeWithoutConflict } from "./find-rivals.ts"
import { findUnread } from "./find-unread.ts"
import {
  isAsLooked,
  type KnownFile,
  type Look,
  lookForWatch,
  readWatchConfig,
  untilChanged,
} from "./look-for-watch.ts"
import { finishSpec, makeSpec } from "./make-spec.ts"
import { findMissingHookPrograms } from "./missing-hook-programs.ts"
import { readSpecCall, type SpecCall, specFlags, specUsage } from "./spec-call.ts"
import { createTeller, type Tell } from "./watch-teller.ts"
import { withdrawIfStale, withdrawWhile } from "./withdraw-spec.ts"

const shape = {
  program: "gantry cdi watch",
  usage: `gantry cdi watch --output FILE [--once] [--interval SECONDS] [--ready-timeout SECONDS] [--without-nodes] [--config FILE] [--format yaml|json] ${specUsage} ${machineUsage}`,
  valued: [...specFlags.valued, "interval", "ready-timeout", "config", ...machineFlags],
  switches: [...specFlags.switches, "once", "without-nodes", "help", "h"],
}

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, async (flags) => {
    const call = await readCall(flags)
    if (!call.ok) return call
    // A service that is stopped has done nothing wrong, and a file is written whole or not at all.
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0))
    const ended = await watch(flags, call.value)
    return ended.ok ? ok({ text: "", exit: 0 }) : ended
  })

interface WatchCall {
  readonly spec: SpecCall
  readonly isOnce: boolean
  /** Units: milliseconds. */
  readonly intervalMs: number
  readonly limits: WatchLimits
}

/** A service may take some seconds to come up after the driver. Units: milliseconds. */
const completeMs = 10_000

/** Faults: UsageInvalid, and those of readSpecCall and readWatchConfig. */
async function readCall(flags: Flags): Promise<Result<WatchCall>> {
  const spec = await readSpecCall(flags, shape)
  if (!spec.ok) return spec
  if (!spec.value.output.startsWith("/") || !isSpecFileName(spec.value.output))
    return misused(
      shape,
      "--output names the file that is kept fresh: an absolute path that ends in .yaml or .json",
    )
  // It is needed only once a node is missing, which may be weeks from now.
  const config = flags.values.has("config") ? readWatchConfig(flags) : ok(true)
  if (!config.ok) return config
  const intervalMs = readSeconds(flags.values.get("interval") ?? "2")
  if (intervalMs === undefined || intervalMs === 0)
    return misused(shape, "--interval is a number of seconds above 0 and up to 3600")
  const readyMs = readSeconds(flags.values.get("ready-timeout") ?? "60")
  if (readyMs === undefined) return misused(shape, "--ready-timeout is a number of seconds up to 3600")
  const limits = { readyMs, completeMs: Math.min(completeMs, readyMs) }
  return ok({ spec: spec.value, isOnce: flags.on.has("once"), intervalMs, limits })
}

/** As milliseconds. */
const readSeconds = (text: string): number | undefined =>
  /^\d{1,4}(\.\d{1,3})?$/.test(text) && Number(text) <= 3600 ? Number(text) * 1000 : undefined

/** A full disk, another's file, or what does not let one be taken away may be gone by then. Units: milliseconds. */
const unwrittenPauseMs = ({ intervalMs }: WatchCall): number => Math.min(30_000, 15 * intervalMs)

/**
 * Ends only when something is wrong that no time heals, or with `--once`. Faults: those of lookForWatch; with `--once` CdiDeviceConflict,
 * CdiFileUnwritable, CdiMachineUnready and those of makeSpec and finishSpec too.
 */
async function watch(flags: Flags, call: WatchCall): Promise<Result<true>> {
  const teller = createTeller(print)
  let past: Past
  for (;;) {
    teller.beginLook()
    const look = await lookForWatch(flags, shape)
    if (!look.ok) return look
    const step = chooseStep(look.value, past, call.limits)
    past = step.past
    const { end, file, pauseMs } = await takeStep(step, look.value, call, teller.tell)
    if (call.isOnce && end !== undefined) return end
    await untilChanged(look.value, file, pauseMs, call.intervalMs)
  }
}

/** `absent`: there is no driver here, and none is expected. */
type WatchStep =
  | Step
  | { readonly kind: "absent"; readonly why: string; readonly past: undefined; readonly pauseMs: number }

const chooseStep = ({ whyNoDriver: why, unready }: Look, past: Past, limits: WatchLimits): WatchStep =>
  why === undefined
    ? nextStep(unready, past, performance.now(), limits)
    : { kind: "absent", why, past: undefined, pauseMs: Number.POSITIVE_INFINITY }

interface StepTaken {
  /** How `--once` ends; undefined: it waits on. */
  readonly end: Result<true> | undefined
  /** As this step knows it: one that is otherwise is looked at again. */
  readonly file: KnownFile
  /** Units: milliseconds. */
  readonly pauseMs: number
}

async function takeStep(step: WatchStep, look: Look, call: WatchCall, tell: Tell): Promise<StepTaken> {
  const { pauseMs } = step
  const soonMs = Math.min(pauseMs, unwrittenPauseMs(call))
  const path = call.spec.output
  const file = { path, stamp: fileStamp(path) }
  if (step.kind === "absent") {
    const { why } = step
    const withdrawn = await withdrawWhile(path, { why, isSo: () => isAsLooked(look) }, tell)
    if (!withdrawn.ok) return { end: withdrawn, file, pauseMs: soonMs }
    // A driver has come meanwhile, and the file may be another's work of this moment.
    return { end: withdrawn.value === "needless" ? undefined : ok(true), file, pauseMs }
  }
  if (step.kind === "publish") {
    const published = await publish(look, call.spec, tell)
    if (published.kind === "published")
      return { end: ok(true), file: { path, stamp: published.stamp }, pauseMs }
    const withdrawn = await withdrawIfStale(path, tell)
    return {
      end: fail(published.fault),
      file: { path, stamp: fileStamp(path) },
      pauseMs: published.kind === "unwritten" || !withdrawn.ok ? soonMs : pauseMs,
    }
  }
  const unready = fault("CdiMachineUnready", { lacks: look.unready.map(({ what }) => what) })
  await tell(renderFaultLine(unready))
  if (step.kind === "wait") return { end: undefined, file, pauseMs }
  await withdrawIfStale(path, tell)
  return { end: fail(unready), file, pauseMs }
}

type Published =
  /** The file says what it must. `stamp`: of it. */
  | { readonly kind: "published"; readonly stamp: KnownFile["stamp"] }
  /** None can be made of the machine as it is. The last good one stays. */
  | { readonly kind: "unmade"; readonly fault: Fault }
  /** It could be made and not be written: what heals that is no change of the machine. */
  | { readonly kind: "unwritten"; readonly fault: Fault }

/** Tells what it did, or why it could not. */
async function publish({ host, snapshot }: Look, call: SpecCall, tell: Tell): Promise<Published> {
  const readers = await findReaders(call, host)
  const generated = makeSpec(snapshot, call)
  const made = generated.ok ? await finishSpec(generated.value, host, readers, call.request) : generated
  const failed = async (kind: "unmade" | "unwritten", fault: Fault): Promise<Published> => {
    await tell(renderFaultLine(fault))
    return { kind, fault }
  }
  if (!made.ok) return failed("unmade", made.fault)
  const spec = renderMadeSpec(made.value, call.format)
  const { text } = spec
  // Who would withdraw it has done so, or finds everything there that it names.
  const isSame = await holdDirectory(parentPath(call.output), async () => holdsExactly(call.output, text))
  const [rival] = isSame ? await findRivals(spec, call.output, call.format) : []
  if (rival !== undefined) return failed("unwritten", rival)
  const written = isSame ? ok(call.output) : await writeWithoutConflict(spec, call.output, call.format)
  if (!written.ok) return failed("unwritten", written.fault)
  const missing = findMissingHookPrograms(spec.hookPrograms, host)
  const unread = await findUnread(spec, written.value)
  const found = [...call.warnings, ...spec.findings, ...missing, ...unread]
  for (const finding of [...found, ...findEnginesWithoutCdi(readers, call)])
    if (finding.severity !== "note") await tell(`${finding.severity}: ${renderFaultLine(finding.fault)}`)
  const version = snapshot.inventory.kernelModuleVersion?.value
  const driver = version === undefined ? "" : `, driver ${version}`
  const count = spec.deviceNames.length
  await tell(
    `${written.value} ${isSame ? "is as it must be" : "is written"}: ${counted(count, "device")}${driver}`,
    isSame ? "is" : "done",
  )
  const stamp = fileStamp(call.output)
  // Somebody may have been faster than the stamp, and changed the file or taken it away.
  return { kind: "published", stamp: holdsExactly(call.output, text) ? stamp : undefined }
}
