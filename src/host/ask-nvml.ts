/**
 * Asks NVML in a child process of ours, ten seconds at most, and remembers what it said: a library that hangs or crashes harms
 * nobody, and is not asked again until something has changed. Format of what is kept: docs/state.md.
 */

import { findLibraryPlaces } from "../core/driver/find-directories.ts"
import type { FaultData } from "../core/fault/fault.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
import { viewRoot } from "../core/host/root-view.ts"
import { type NvmlReport, readNvmlReport } from "../core/inventory/nvml-report.ts"
import { namesIn, readText } from "../core/inventory/proc-text.ts"
import { type HostPath, hostPath } from "../core/text/brand.ts"
import { selfCommand } from "./self-command.ts"
import { areFresh, bootId, type Stamp, stampAll } from "./stamp.ts"
import { stateDirectory } from "./state-directory.ts"
import { hashOf, readState, writeState } from "./state-file.ts"

type Unavailable = FaultData["NvmlUnavailable"]

interface Remembered {
  readonly version: 1
  readonly key: string
  readonly stamps: readonly Stamp[]
  readonly report?: NvmlReport
  readonly unavailable?: Unavailable
}

/** Units: milliseconds. */
const timeLimitMs = 10_000
/** Units: bytes. 64 GPUs with seven MIG devices each are 100 KB. */
const answerLimit = 4 * 1024 * 1024

/** A host that answers for NVML too. */
export function withNvml(host: Omit<Host, "readNvml">): Host {
  const asked: Host = { ...host, readNvml: (driverRoot) => recallOrAsk(asked, driverRoot) }
  return asked
}

function recallOrAsk(
  host: Host,
  driverRoot: HostPath,
  state: string | undefined = stateDirectory(),
): Result<NvmlReport> {
  const library = findNvmlLibrary(host, driverRoot)
  if (library === undefined)
    return fail(
      fault("NvmlUnavailable", {
        library: "libnvidia-ml.so.1",
        step: "search",
        problem: `not found below ${driverRoot}`,
      }),
    )
  const livePath = host.livePath(library) ?? library
  const key = [host.provenance.kind, host.provenance.name, driverRoot, livePath, bootId()].join("\n")
  const file = `${state}/nvml-${hashOf(key)}.json`
  const known = state === undefined ? undefined : (readState(file) as Partial<Remembered> | undefined)
  if (known?.version === 1 && known.key === key && Array.isArray(known.stamps) && areFresh(known.stamps)) {
    const report = readNvmlReport(known.report)
    if (report !== undefined) return ok(report)
    if (known.unavailable !== undefined) return fail(fault("NvmlUnavailable", known.unavailable))
  }
  const stamps = stampAll(witnesses(host, library).map((path) => host.livePath(path) ?? path))
  const answer = askChild(livePath, library)
  if (state !== undefined) writeState(state, file, { version: 1, key, stamps, ...answer })
  return "report" in answer ? ok(answer.report) : fail(fault("NvmlUnavailable", answer.unavailable))
}

/** What says that NVML would now answer something else: the module's load, GPUs, MIG instances and their nodes, the library. */
function witnesses(host: Host, library: HostPath): readonly HostPath[] {
  const capabilities = "/proc/driver/nvidia/capabilities"
  const gpus = namesIn(host, capabilities).filter((name) => /^gpu\d+$/.test(name))
  const instances = gpus.flatMap((gpu) =>
    namesIn(host, `${capabilities}/${gpu}/mig`).map((name) => `${capabilities}/${gpu}/mig/${name}`),
  )
  return [
    library,
    "/sys/module/nvidia",
    "/sys/module/nvidia/version",
    "/proc/driver/nvidia/gpus",
    capabilities,
    "/proc/driver/nvidia-caps/mig-minors",
    ...gpus.map((gpu) => `${capabilities}/${gpu}/mig`),
    ...instances,
    "/dev/nvidia-caps",
    "/dev/nvidiactl",
  ].map(hostPath)
}

/** libnvidia-ml.so of the kernel module's version, where the driver's libraries lie. */
export function findNvmlLibrary(host: Host, driverRoot: HostPath): HostPath | undefined {
  const version = readText(host, "/sys/module/nvidia/version")?.trim() ?? "unknown"
  const view = viewRoot(host, driverRoot)
  const { directories } = findLibraryPlaces(view, { version, ldcache: "/etc/ld.so.cache", searchPaths: [] })
  const found = directories
    .flatMap((directory) => [`${directory}/libnvidia-ml.so.${version}`, `${directory}/libnvidia-ml.so.1`])
    .find((path) => view.exists(path))
  if (found === undefined) return undefined
  const resolved = view.resolve(found)
  return resolved.ok ? view.outside(resolved.value) : undefined
}

/** `shown` is what the machine calls the library. */
function askChild(
  livePath: string,
  shown: HostPath,
): { readonly report: NvmlReport } | { readonly unavailable: Unavailable } {
  const unavailable = (step: Unavailable["step"], problem: string) => ({
    unavailable: { library: shown, step, problem },
  })
  // An environment of our own making, and no working directory of anybody's.
  const child = Bun.spawnSync([...selfCommand(), "host", "observe", "--nvml", livePath], {
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: timeLimitMs,
    killSignal: "SIGKILL",
    maxBuffer: answerLimit,
  })
  if (child.exitedDueToTimeout === true)
    return unavailable("time", `no answer within ${timeLimitMs / 1000} seconds`)
  let answer: unknown
  try {
    answer = JSON.parse(new TextDecoder().decode(child.stdout))
  } catch {
    const how = child.signalCode === undefined ? `exit status ${child.exitCode}` : child.signalCode
    return unavailable("crash", `its process ended with ${how} and no answer`)
  }
  const { kind, report, step, problem } = answer as Readonly<Record<string, unknown>>
  const read = kind === "report" ? readNvmlReport(report) : undefined
  if (read !== undefined) return { report: { ...read, library: shown } }
  return unavailable(
    step === "load" || step === "initialise" ? step : "ask",
    typeof problem === "string" ? problem : "its answer cannot be read",
  )
}
