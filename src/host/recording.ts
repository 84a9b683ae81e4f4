/**
 * A machine as a file: every answer it gave, question by question. What was not asked then cannot be answered now and reads as
 * absent. Format: docs/recordings.md.
 */

import { type FaultData, fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { FileKind, FileStat, Host } from "../core/host/host.ts"
import { readFault } from "../core/host/resolve-path.ts"
import { type NvmlReport, readNvmlReport } from "../core/inventory/nvml-report.ts"
import type { HostPath } from "../core/text/brand.ts"
import type { ByteRange } from "../core/text/byte-range.ts"
import { keepListeners, keepNeeded } from "./keep-needed.ts"

type Recorded<T> =
  | { readonly value: T }
  | { readonly errno: string; readonly syscall: string }
  | { readonly unavailable: FaultData["NvmlUnavailable"] }

export interface Recording {
  readonly version: 1
  readonly kind: "gantry-recording"
  /** How the recorded machine was reached. */
  readonly of: Host["provenance"]
  /** Questions as `readDir /dev` or `readFile /proc/devices 0 64`, sorted; contents in base64. */
  readonly answers: Readonly<Record<string, Recorded<unknown>>>
}

const question = (verb: string, path: string, range?: ByteRange): string =>
  range === undefined ? `${verb} ${path}` : `${verb} ${path} ${range.offsetBytes} ${range.lengthBytes}`

/** Passes questions on and writes answers down. */
export function recordHost(host: Host): { readonly host: Host; readonly recording: () => Recording } {
  const answers = new Map<string, Recorded<unknown>>()
  const note = <T>(key: string, result: Result<T>, keep: (value: T) => unknown): Result<T> => {
    if (result.ok) answers.set(key, { value: keep(result.value) })
    else if (result.fault.tag === "HostReadFailed") {
      const { errno, syscall } = result.fault.data
      answers.set(key, { errno, syscall })
    } else if (result.fault.tag === "NvmlUnavailable") answers.set(key, { unavailable: result.fault.data })
    return result
  }
  const same = <T>(value: T): T => value
  /** Whole, until it is known which sockets are of interest. */
  let listeners: Uint8Array | undefined
  const noteContent = (path: HostPath, range: ByteRange | undefined, content: Result<Uint8Array>) =>
    note(question("readFile", path, range), content, (bytes) => {
      if (path === listenersPath && range === undefined) listeners = bytes
      return base64(keepNeeded(path, range, bytes))
    })
  return {
    host: {
      provenance: host.provenance,
      readFile: (path, range) => noteContent(path, range, host.readFile(path, range)),
      readParts: (path, use) =>
        host.readParts(path, (read) => use((range) => noteContent(path, range, read(range)))),
      readDir: (path) => note(question("readDir", path), host.readDir(path), same),
      lstat: (path) => note(question("lstat", path), host.lstat(path), same),
      readLink: (path) => note(question("readLink", path), host.readLink(path), same),
      exists(path) {
        const exists = host.exists(path)
        answers.set(question("exists", path), { value: exists })
        return exists
      },
      askNvml(place) {
        const answer = host.askNvml(place)
        return () => note(question("readNvml", place.driverRoot), answer(), same)
      },
      livePath: (path) => host.livePath(path),
    },
    recording() {
      if (listeners !== undefined)
        answers.set(question("readFile", listenersPath), {
          value: base64(keepListeners(listeners, socketsIn(answers))),
        })
      return {
        version: 1,
        kind: "gantry-recording",
        of: host.provenance,
        answers: Object.fromEntries([...answers].sort(([one], [other]) => (one < other ? -1 : 1))),
      }
    },
  }
}

const listenersPath = "/proc/net/unix"

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64")

/** Sockets that somebody asked after. */
const socketsIn = (answers: ReadonlyMap<string, Recorded<unknown>>): ReadonlySet<string> =>
  new Set(
    [...answers].flatMap(([key, answer]) =>
      key.startsWith("lstat ") && "value" in answer && (answer.value as FileStat).kind === "socket"
        ? [key.slice("lstat ".length)]
        : [],
    ),
  )

/** One line an answer, so that a change of the machine is a change of a line. */
export function renderRecording({ version, kind, of, answers }: Recording): string {
  const lines = Object.entries(answers).map(
    ([key, answer]) => `    ${JSON.stringify(key)}: ${JSON.stringify(answer)}`,
  )
  const head = [`"version": ${version}`, `"kind": ${JSON.stringify(kind)}`, `"of": ${JSON.stringify(of)}`]
  return `{\n${head.map((line) => `  ${line},\n`).join("")}  "answers": {\n${lines.join(",\n")}\n  }\n}\n`
}

const kinds: Readonly<Record<FileKind, true>> = {
  file: true,
  directory: true,
  symlink: true,
  character: true,
  block: true,
  fifo: true,
  socket: true,
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
/** As a file system has them: whoever made a recording does not choose where a name leads. */
const isName = (value: unknown): boolean =>
  typeof value === "string" && !/^$|^\.{1,2}$|[/\0]/.test(value) && value.length <= 255
const isLinkText = (value: unknown): boolean =>
  typeof value === "string" && value.length <= 4096 && !value.includes("\0")

/** What an answer to each question looks like. */
const isAnswer: Readonly<Record<string, (value: unknown) => boolean>> = {
  readFile: (value) => typeof value === "string",
  readDir: (value) => Array.isArray(value) && value.every(isName),
  readLink: isLinkText,
  exists: (value) => typeof value === "boolean",
  readNvml: (value) => readNvmlReport(value) !== undefined,
  lstat: (value) =>
    isObject(value) &&
    typeof value["kind"] === "string" &&
    Object.hasOwn(kinds, value["kind"]) &&
    ["mode", "uid", "gid", "sizeBytes", "major", "minor"].every((field) => isCount(value[field])),
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const steps: readonly unknown[] = ["search", "load", "initialise", "ask", "time", "crash"]
const isUnavailable = (value: unknown): boolean =>
  isObject(value) &&
  steps.includes(value["step"]) &&
  ["library", "problem"].every((field) => typeof value[field] === "string")

const isProvenance = (value: unknown): boolean =>
  isObject(value) &&
  typeof value["name"] === "string" &&
  ["live", "simulated", "memory", "recording"].includes(value["kind"] as string)

/** The first key whose answer cannot be one. */
function findWrongAnswer(answers: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(answers).find((key) => {
    const verb = key.split(" ", 1)[0] ?? ""
    const check = Object.hasOwn(isAnswer, verb) ? isAnswer[verb] : undefined
    const answer = answers[key]
    if (check === undefined || !isObject(answer)) return true
    if ("value" in answer) return !check(answer["value"])
    if ("unavailable" in answer) return verb !== "readNvml" || !isUnavailable(answer["unavailable"])
    return typeof answer["errno"] !== "string" || typeof answer["syscall"] !== "string"
  })
}

/** Faults: RecordingInvalid. */
export function parseRecording(text: string, name: string): Result<Recording> {
  const invalid = (problem: string): Result<never> => fail(fault("RecordingInvalid", { name, problem }))
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return invalid("it is no JSON")
  }
  if (
    !isObject(parsed) ||
    parsed["kind"] !== "gantry-recording" ||
    parsed["version"] !== 1 ||
    !isProvenance(parsed["of"]) ||
    !isObject(parsed["answers"])
  )
    return invalid("it is JSON, but no recording of version 1")
  const wrong = findWrongAnswer(parsed["answers"])
  if (wrong !== undefined) return invalid(`the answer to ${JSON.stringify(wrong)} is none`)
  return ok(parsed as unknown as Recording)
}

export function createRecordingHost(recording: Recording, name: string): Host {
  const answer = <T>(key: string, path: string): Result<T> => {
    const found = Object.hasOwn(recording.answers, key) ? recording.answers[key] : undefined
    if (found === undefined) return fail(readFault(path, "lookup", "ENOENT"))
    if ("value" in found) return ok(found.value as T)
    return fail(
      "unavailable" in found
        ? fault("NvmlUnavailable", found.unavailable)
        : readFault(path, found.syscall, found.errno),
    )
  }
  const readFile = (path: string, range: ByteRange | undefined): Result<Uint8Array> => {
    const found = answer<string>(question("readFile", path, range), path)
    if (found.ok) return ok(new Uint8Array(Buffer.from(found.value, "base64")))
    const cut = range === undefined ? undefined : cutFromOther(recording, path, range)
    return cut === undefined ? found : ok(cut)
  }
  return {
    provenance: { kind: "recording", name },
    readFile,
    readParts: (path, use) => use((range) => readFile(path, range)),
    readDir: (path) => answer<readonly string[]>(question("readDir", path), path),
    lstat: (path) => answer<FileStat>(question("lstat", path), path),
    readLink: (path) => answer<string>(question("readLink", path), path),
    exists(path) {
      const found = answer<boolean>(question("exists", path), path)
      return found.ok && found.value
    },
    askNvml: ({ driverRoot }) => {
      const found = answer<NvmlReport>(question("readNvml", driverRoot), driverRoot)
      if (found.ok || found.fault.tag === "NvmlUnavailable") return () => found
      const problem = "it was not asked when the recording was made"
      return () => fail(fault("NvmlUnavailable", { library: "libnvidia-ml.so.1", step: "search", problem }))
    },
    livePath: () => undefined,
  }
}

/** A part that was not asked for then, when another part that was holds all of it: later versions read in other pieces. */
function cutFromOther({ answers }: Recording, path: string, range: ByteRange): Uint8Array | undefined {
  const { offsetBytes, lengthBytes } = range
  const prefix = `readFile ${path}`
  for (const [key, found] of Object.entries(answers)) {
    if (!key.startsWith(prefix) || !("value" in found) || typeof found.value !== "string") continue
    const rest = key.slice(prefix.length)
    const match = rest === "" ? ["", "0", "Infinity"] : /^ (\d+) (\d+)$/.exec(rest)
    if (match === null) continue
    const [start, asked] = [Number(match[1]), Number(match[2])]
    const bytes = new Uint8Array(Buffer.from(found.value, "base64"))
    // A short answer went to the end of the file.
    const end = bytes.length < asked ? Number.POSITIVE_INFINITY : start + bytes.length
    if (offsetBytes >= start && offsetBytes + lengthBytes <= end)
      return bytes.subarray(offsetBytes - start, offsetBytes - start + lengthBytes)
  }
  return undefined
}
