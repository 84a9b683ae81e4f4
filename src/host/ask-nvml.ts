/**
 * Asks NVML in a child process of ours, ten seconds at most, and remembers what it said: a library that hangs or crashes harms
 * nobody, and is not asked again until something has changed or some minutes have passed. Format of what is kept: docs/state.md.
 */

import { findLibraryPlaces } from "../core/driver/find-directories.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Host, HostFiles } from "../core/host/host.ts"
import { viewRoot } from "../core/host/root-view.ts"
import { type NvmlReport, readNvmlReport } from "../core/inventory/nvml-report.ts"
import { migPlaces } from "../core/inventory/observe-mig.ts"
import { readText } from "../core/inventory/proc-text.ts"
import { type HostPath, hostPath } from "../core/text/brand.ts"
import { askNvmlChild, type NvmlTrouble, unavailable } from "./nvml-child.ts"
import { areFresh, areStamps, era, type Stamp, stampPlaces } from "./stamp.ts"
import { stateDirectory } from "./state-directory.ts"
import { hashOf, isYoung, readState, writeState } from "./state-file.ts"

interface Remembered {
  readonly version: 1
  readonly key: string
  readonly stamps: readonly Stamp[]
  readonly report?: NvmlReport
  readonly unavailable?: NvmlTrouble
}

export interface NvmlAsking {
  /** Units: milliseconds. Absent: ten seconds. */
  readonly timeLimitMs?: number
  /** Where answers are kept. Absent: the user's state directory; undefined: nowhere. */
  readonly state?: string | undefined
}

/**
 * A library that failed, or that a GPU failed in, may have been mended without a trace in any stamp (a reset, a service's start): such
 * an answer is believed this long. Units: milliseconds.
 */
const troubleLifeMs = 5 * 60 * 1000

/** A host that answers for NVML too. */
export function withNvml(host: HostFiles, asking: NvmlAsking = {}): Host {
  const asked: Host = { ...host, readNvml: (driverRoot) => recallOrAsk(asked, driverRoot, asking) }
  return asked
}

/**
 * Source of what is told, in this order:
 *   what was remembered, while every stamp is the same: neither the library nor any other file is opened
 *   a library that cannot be found or read: nobody is asked
 *   the library, in the child
 */
function recallOrAsk(host: Host, driverRoot: HostPath, asking: NvmlAsking): Result<NvmlReport> {
  const { timeLimitMs = 10_000 } = asking
  const state = "state" in asking ? asking.state : stateDirectory()
  const key = [host.provenance.kind, host.provenance.name, driverRoot, era()].join("\n")
  const file = `${state}/nvml-${hashOf(key)}.json`
  const known = state === undefined ? undefined : recall(state, file, key)
  if (known !== undefined) return known
  const { library, searched } = findNvmlLibrary(host, driverRoot)
  if (library === undefined)
    return fail(
      fault("NvmlUnavailable", {
        library: "libnvidia-ml.so.1",
        step: "search",
        problem: `not found below ${driverRoot}`,
      }),
    )
  const stamps = stampPlaces(host, [...new Set([...searched, ...witnesses(host, library)])])
  const head = host.readFile(library, { offsetBytes: 0, lengthBytes: classOffset + 1 })
  const answer = head.ok
    ? askNvmlChild(host.livePath(library) ?? library, library, timeLimitMs)
    : unavailable(library, "load", head.fault.tag === "HostReadFailed" ? head.fault.data.errno : "unreadable")
  const remembered: Remembered = { version: 1, key, stamps, ...answer }
  if (state !== undefined) writeState(state, file, remembered)
  return "report" in answer ? ok(answer.report) : fail(fault("NvmlUnavailable", answer.unavailable))
}

/** undefined: nothing is known that still holds. */
function recall(state: string, file: string, key: string): Result<NvmlReport> | undefined {
  const known = readState(state, file) as Partial<Remembered> | null | undefined
  if (known?.version !== 1 || known.key !== key || !areStamps(known.stamps)) return undefined
  const report = readNvmlReport(known.report)
  const isTroubled = report === undefined || report.gpus.some(({ problem }) => problem !== undefined)
  if (isTroubled && !isYoung(file, troubleLifeMs)) return undefined
  if (!areFresh(known.stamps)) return undefined
  if (report !== undefined) return ok(report)
  return isTrouble(known.unavailable) ? fail(fault("NvmlUnavailable", known.unavailable)) : undefined
}

const isTrouble = (value: unknown): value is NvmlTrouble =>
  typeof value === "object" &&
  value !== null &&
  ["library", "step", "problem"].every((name) => typeof (value as Fields)[name] === "string")

type Fields = Readonly<Record<string, unknown>>

/** What says that NVML would now answer something else: the module's load, GPUs, MIG instances and their nodes, the library. */
const witnesses = (host: Host, library: HostPath): readonly HostPath[] => [
  library,
  ...["/sys/module/nvidia", "/sys/module/nvidia/version", "/proc/driver/nvidia/gpus"].map(hostPath),
  ...migPlaces(host),
  ...["/proc/driver/nvidia-caps/mig-minors", "/dev/nvidia-caps", "/dev/nvidiactl"].map(hostPath),
]

interface FoundLibrary {
  readonly library: HostPath | undefined
  /** Where a change could make another library the one that is found. */
  readonly searched: readonly HostPath[]
}

/** Where an ELF file says its class, and what it says there when it is one of 32 bits. */
const classOffset = 4
const class32 = 1

/** libnvidia-ml.so of the kernel module's version, where the driver's libraries lie; of 64 bits, as the process that asks it. */
function findNvmlLibrary(host: Host, driverRoot: HostPath): FoundLibrary {
  const version = readText(host, "/sys/module/nvidia/version")?.trim() ?? "unknown"
  const view = viewRoot(host, driverRoot)
  const places = findLibraryPlaces(view, { version, ldcache: "/etc/ld.so.cache", searchPaths: [] })
  const searched = [...places.searched, ...places.directories].map((path) => view.outside(path))
  const found = places.directories
    .flatMap((directory) => [`${directory}/libnvidia-ml.so.${version}`, `${directory}/libnvidia-ml.so.1`])
    .filter((path) => view.exists(path))
  const is32Bit = (path: string): boolean => {
    const head = view.readFile(path, { offsetBytes: 0, lengthBytes: classOffset + 1 })
    return head.ok && head.value[classOffset] === class32
  }
  const chosen = found.find((path) => !is32Bit(path)) ?? found[0]
  const resolved = chosen === undefined ? undefined : view.resolve(chosen)
  return { library: resolved?.ok === true ? view.outside(resolved.value) : undefined, searched }
}
