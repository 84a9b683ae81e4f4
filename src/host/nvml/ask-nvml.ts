/**
 * Asks NVML in a child process of ours, ten seconds at most, and remembers what it said: a library that hangs or crashes harms
 * nobody, and is not asked again until something has changed or some minutes have passed. Format of what is kept: docs/state.md.
 */

import { findLibraryPlaces } from "../../core/driver/find-directories.ts"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { Host, HostFiles, NvmlPlace } from "../../core/host/host.ts"
import { type RootView, viewRoot } from "../../core/host/root-view.ts"
import { type NvmlReport, readNvmlReport } from "../../core/inventory/nvml-report.ts"
import { migPlaces } from "../../core/inventory/observe-mig.ts"
import { observeVersion } from "../../core/inventory/observe-version.ts"
import { type HostPath, hostPath } from "../../core/text/brand.ts"
import { stampPlaces } from "../state/make-proof.ts"
import { areFresh, areStamps, era, type Stamp } from "../state/stamp.ts"
import { stateDirectory } from "../state/state-directory.ts"
import { hashOf, isYoung, makeRoom, readState, writeState } from "../state/state-file.ts"
import { tryStateLock, withStateLock } from "../state/state-lock.ts"
import { findStranger } from "./find-stranger.ts"
import { askNvmlChild, type NvmlOutcome, type NvmlTrouble, unavailable } from "./nvml-child.ts"

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

const fileName = /^nvml-[0-9a-f]{16}\.json$/
const lockName = /^nvml-[0-9a-f]{16}\.json\.lock$/
/** Of machines, simulated ones too, which may come and go all day. */
const capacity = 64

/** A host that answers for NVML too. */
export function withNvml(host: HostFiles, asking: NvmlAsking = {}): Host {
  const asked: Host = { ...host, askNvml: (place) => recallOrAsk(asked, place, asking) }
  return asked
}

/** As withNvml, of a machine that may answer for it already. */
export const ensureNvml = (host: HostFiles | Host): Host => ("askNvml" in host ? host : withNvml(host))

/**
 * Source of what is told, in this order:
 *   what was remembered, while every stamp is the same: neither the library nor any other file is opened
 *   what another process is told, that asks at this moment: of many starts after boot one asks and the others wait
 *   a library that cannot be found or read, or that a stranger could have written: nobody is asked
 *   the library, in the child
 */
function recallOrAsk(host: Host, place: NvmlPlace, asking: NvmlAsking): () => Result<NvmlReport> {
  const { timeLimitMs = 10_000 } = asking
  const state = "state" in asking ? asking.state : stateDirectory()
  const { kind, name } = host.provenance
  const key = [kind, name, place.driverRoot, place.ldcache, ...place.searchPaths, era()].join("\n")
  if (state === undefined) {
    const { answer } = ask(host, place, timeLimitMs)
    return () => tell(answer())
  }
  const file = `${state}/nvml-${hashOf(key)}.json`
  const askAndKeep = (): (() => Result<NvmlReport>) => {
    const told = recall(state, file, key)
    if (told !== undefined) return () => told
    const { answer, stamps } = ask(host, place, timeLimitMs)
    return () => {
      const outcome = answer()
      if (stamps.length > 0) {
        makeRoom(state, file, fileName, capacity)
        writeState(state, file, { version: 1, key, stamps, ...outcome } satisfies Remembered)
      }
      return tell(outcome)
    }
  }
  const known = recall(state, file, key)
  if (known !== undefined) return () => known
  // Who holds one that goes asks beside another who makes it anew: that costs a question, and is no harm.
  makeRoom(state, `${file}.lock`, lockName, capacity)
  const release = tryStateLock(state, `${file}.lock`)
  if (release === undefined)
    return () => withStateLock(state, `${file}.lock`, timeLimitMs, () => askAndKeep()())
  let answer: () => Result<NvmlReport>
  try {
    answer = askAndKeep()
  } catch (error) {
    release()
    throw error
  }
  return () => {
    try {
      return answer()
    } finally {
      release()
    }
  }
}

const tell = (outcome: NvmlOutcome): Result<NvmlReport> =>
  "report" in outcome ? ok(outcome.report) : fail(fault("NvmlUnavailable", outcome.unavailable))

interface Asked {
  /** Waits for it. */
  readonly answer: () => NvmlOutcome
  /** None: the answer is not worth remembering. */
  readonly stamps: readonly Stamp[]
}

function ask(host: Host, place: NvmlPlace, timeLimitMs: number): Asked {
  const none = (outcome: NvmlOutcome, stamps: readonly Stamp[]): Asked => ({ answer: () => outcome, stamps })
  const { library, searched } = findNvmlLibrary(host, place)
  if (library === undefined) {
    const problem = `not found below ${place.driverRoot}`
    return none(unavailable(nvmlName, "search", problem), [])
  }
  const stamps = stampPlaces(host, [...new Set([...searched, ...witnesses(host, library)])])
  const head = host.readFile(library, { offsetBytes: 0, lengthBytes: classOffset + 1 })
  if (!head.ok) {
    const problem = head.fault.tag === "HostReadFailed" ? head.fault.data.errno : "unreadable"
    return none(unavailable(library, "load", problem), stamps)
  }
  const livePath = host.livePath(library)
  const stranger = livePath === undefined ? undefined : findStranger(livePath)
  if (livePath === undefined || stranger !== undefined)
    return none(unavailable(library, "load", stranger ?? "it lies on no disk"), [])
  return { answer: askNvmlChild(livePath, library, timeLimitMs), stamps }
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

const nvmlName = "libnvidia-ml.so.1"

/** Where an ELF file says its class, and what it says there when it is one of 32 bits. */
const classOffset = 4
const class32 = 1

/**
 * Of the libraries that are there, the first of 64 bits, as the process that asks it:
 *   where the driver's libraries lie, that of the kernel module's version, or what leads to it
 *   else, as on a board whose libraries bear no version, what the loader finds: by its cache, its configuration, the usual places
 */
function findNvmlLibrary(host: Host, { driverRoot, ldcache, searchPaths }: NvmlPlace): FoundLibrary {
  const version = observeVersion(host)?.value ?? "unknown"
  const view = viewRoot(host, driverRoot)
  const places = findLibraryPlaces(view, { version, ldcache, searchPaths })
  const { directories, candidates } = places
  const library =
    findLibrary(view, directories, [`libnvidia-ml.so.${version}`, nvmlName]) ??
    findLibrary(view, candidates, [nvmlName])
  const resolved = library === undefined ? undefined : view.resolve(library)
  // A link's goal can change without a trace in the link's directory.
  const searched = [...places.searched, ...directories, ...(library === undefined ? [] : [library])]
  return {
    library: resolved?.ok === true ? view.outside(resolved.value) : undefined,
    searched: searched.map((path) => view.outside(path)),
  }
}

function findLibrary(
  view: RootView,
  directories: readonly string[],
  names: readonly string[],
): string | undefined {
  const found = directories
    .flatMap((directory) => names.map((name) => `${directory}/${name}`))
    .filter((path) => view.exists(path))
  const is32Bit = (path: string): boolean => {
    const head = view.readFile(path, { offsetBytes: 0, lengthBytes: classOffset + 1 })
    return head.ok && head.value[classOffset] === class32
  }
  return found.find((path) => !is32Bit(path)) ?? found[0]
}
