/**
 * One specification, kept as the machine is, whoever's GPUs it is of. When it is made is next-step.ts. A machine that is not whole gets no new
 * specification, and the last good one stays as long as what it names is there.
 */

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
import { print } from "../report.ts"
import { findEnginesWithoutCdi, findReaders } from "./find-readers.ts"
import { findRivals, writeWithoutConflict } from "./find-rivals.ts"
import { findUnread } from "./find-unread.ts"
import { isAsLooked, type KnownFile, untilChanged } from "./look-for-watch.ts"
import { findMissingHookPrograms } from "./missing-hook-programs.ts"
import type { SpecCall } from "./spec-call.ts"
import { createTeller, type Tell } from "./watch-teller.ts"
import type { Seen, WatchedGpus } from "./watched-gpus.ts"
import { withdrawWhile } from "./withdraw-spec.ts"

export interface WatchPace {
  readonly isOnce: boolean
  /** Units: milliseconds. */
  readonly intervalMs: number
  readonly limits: WatchLimits
  /** A file that names what is gone is not left to engines while the machine is waited for. */
  readonly withdrawsAtOnce: boolean
  /** Beside others, every line says whose file it is of, and what keeps one vendor's GPUs from being looked at ends nobody's watch. */
  readonly isAlone: boolean
}

/** A full disk, another's file, or what does not let one be taken away may be gone by then. Units: milliseconds. */
const unwrittenPauseMs = ({ intervalMs }: WatchPace): number => Math.min(30_000, 15 * intervalMs)

/**
 * Ends only when something is wrong that no time heals, or with `--once`. Faults: those of looking; with `--once` CdiDeviceConflict,
 * CdiFileUnwritable, CdiMachineUnready and those of making one too.
 */
export async function watchFile({ call, look }: WatchedGpus, pace: WatchPace): Promise<Result<true>> {
  const teller = createTeller(print)
  const tell: Tell = (line, what) =>
    teller.tell(pace.isAlone || line.startsWith(call.output) ? line : `${call.output}: ${line}`, what)
  let past: Past
  for (;;) {
    teller.beginLook()
    const looked = await look()
    if (!looked.ok && (pace.isOnce || pace.isAlone)) return looked
    if (!looked.ok) {
      await tell(renderFaultLine(looked.fault))
      await Bun.sleep(unwrittenPauseMs(pace))
      continue
    }
    const seen = looked.value
    const step = chooseStep(seen, past, pace.limits)
    past = step.past
    const { end, file, pauseMs } = await takeStep(step, seen, { call, pace, tell })
    if (pace.isOnce && end !== undefined) return end
    await untilChanged(seen.sight, file, pauseMs, pace.intervalMs)
  }
}

/** `absent`: there is nothing here to give, and none is expected. */
type WatchStep =
  | Step
  | { readonly kind: "absent"; readonly why: string; readonly past: undefined; readonly pauseMs: number }

const chooseStep = ({ whyAbsent: why, unready }: Seen, past: Past, limits: WatchLimits): WatchStep =>
  why === undefined
    ? nextStep(unready, past, performance.now(), limits)
    : { kind: "absent", why, past: undefined, pauseMs: Number.POSITIVE_INFINITY }

interface Doing {
  readonly call: SpecCall
  readonly pace: WatchPace
  readonly tell: Tell
}

interface StepTaken {
  /** How `--once` ends; undefined: it waits on. */
  readonly end: Result<true> | undefined
  /** As this step knows it: one that is otherwise is looked at again. */
  readonly file: KnownFile
  /** Units: milliseconds. */
  readonly pauseMs: number
}

async function takeStep(step: WatchStep, seen: Seen, { call, pace, tell }: Doing): Promise<StepTaken> {
  const { pauseMs } = step
  const soonMs = Math.min(pauseMs, unwrittenPauseMs(pace))
  const path = call.output
  const file = { path, stamp: fileStamp(path) }
  if (step.kind === "absent") {
    const { why } = step
    const withdrawn = await withdrawWhile(path, { why, isSo: () => isAsLooked(seen.sight) }, tell)
    if (!withdrawn.ok) return { end: withdrawn, file, pauseMs: soonMs }
    // A driver has come meanwhile, and the file may be another's work of this moment.
    return { end: withdrawn.value === "needless" ? undefined : ok(true), file, pauseMs }
  }
  if (step.kind === "publish") {
    const published = await publish(seen, call, tell)
    if (published.kind === "published")
      return { end: ok(true), file: { path, stamp: published.stamp }, pauseMs }
    const withdrawn = await seen.withdraw(tell)
    return {
      end: fail(published.fault),
      file: { path, stamp: fileStamp(path) },
      pauseMs: published.kind === "unwritten" || !withdrawn.ok ? soonMs : pauseMs,
    }
  }
  const unready = fault("CdiMachineUnready", { lacks: seen.unready.map(({ what }) => what) })
  await tell(renderFaultLine(unready))
  if (step.kind === "overdue" || pace.withdrawsAtOnce) await seen.withdraw(tell)
  return {
    end: step.kind === "overdue" ? fail(unready) : undefined,
    file: { path, stamp: fileStamp(path) },
    pauseMs,
  }
}

type Published =
  /** The file says what it must. `stamp`: of it. */
  | { readonly kind: "published"; readonly stamp: KnownFile["stamp"] }
  /** None can be made of the machine as it is. The last good one stays. */
  | { readonly kind: "unmade"; readonly fault: Fault }
  /** It could be made and not be written: what heals that is no change of the machine. */
  | { readonly kind: "unwritten"; readonly fault: Fault }

/** Tells what it did, or why it could not. */
async function publish(
  { sight: { host }, make, driverVersion }: Seen,
  call: SpecCall,
  tell: Tell,
): Promise<Published> {
  const readers = await findReaders(call, host)
  const made = await make(readers)
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
  const driver = driverVersion === undefined ? "" : `, driver ${driverVersion}`
  const count = spec.deviceNames.length
  await tell(
    `${written.value} ${isSame ? "is as it must be" : "is written"}: ${counted(count, "device")}${driver}`,
    isSame ? "is" : "done",
  )
  const stamp = fileStamp(call.output)
  // Somebody may have been faster than the stamp, and changed the file or taken it away.
  return { kind: "published", stamp: holdsExactly(call.output, text) ? stamp : undefined }
}
