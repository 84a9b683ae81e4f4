/** `gantry cdi verify`: the specifications beside the machine, now. It reads and prints; only `--fix` changes something. */

import { buildRegistry, type Registry, type SpecFileRead } from "../../core/cdi/registry/registry.ts"
import {
  type EngineRelease,
  engineProblem,
  parseEngineRelease,
} from "../../core/cdi/rules/engine-versions.ts"
import { type EngineUser, rootUser } from "../../core/diagnose/access.ts"
import type { CdiSubject } from "../../core/diagnose/cdi-subject.ts"
import { observeUser } from "../../core/diagnose/observe-user.ts"
import { verifyCdi } from "../../core/diagnose/verify-cdi.ts"
import {
  type CdiVerification,
  isSound,
  renderVerification,
  renderVerificationJson,
} from "../../core/explain/render-cdi-verification.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { faultSentence, renderFaultLine } from "../../core/fault/render.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { unplaceRegistry } from "../../core/generate/place-on-machine.ts"
import type { Host } from "../../core/host/host.ts"
import { type RootView, viewRoot } from "../../core/host/root-view.ts"
import { type ObservedEngine, observeEngines } from "../../core/inventory/observe-engines.ts"
import { readText } from "../../core/inventory/proc-text.ts"
import { hostPath } from "../../core/text/brand.ts"
import { readCdiFile } from "../../host/cdi/read-cdi-directories.ts"
import { directoryEntry } from "../../host/files/directory-entry.ts"
import { createLiveHost } from "../../host/live.ts"
import { createLiveFiles } from "../../host/live-files.ts"
import { createSimulatedHost } from "../../host/simulated.ts"
import { simulatedRoot } from "../../host/specified-machine.ts"
import type { Flags } from "../flags.ts"
import { machineFlags, machineUsage } from "../machine/machine-flags.ts"
import { observeMachine } from "../machine/observe-machine.ts"
import { cdiShape, checkDirectories, misused, runAction } from "./cdi-flags.ts"
import { registryNamed } from "./read-cdi.ts"

const shape = cdiShape({
  usage: `verify [FILE…] [--spec-dir DIR]… [--engine NAME@VERSION]… [--user NAME|UID[:GID,…]] [--image-root DIR] [--fix] ${machineUsage} [--json]`,
  valued: ["spec-dir", "engine", "user", "image-root", ...machineFlags],
  switches: ["json", "fix"],
})

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, async (flags) => {
    const subject = observeSubject(flags)
    if (!subject.ok) return subject
    if (flags.on.has("fix") && subject.value.host.provenance.kind === "recording")
      return misused(shape, "--fix changes files, and a recording has none")
    const seen = { subject: subject.value, findings: verifyCdi(subject.value), fixed: [] }
    const verification = flags.on.has("fix") && !isSound(seen) ? await fix(flags, seen) : ok(seen)
    if (!verification.ok) return verification
    const render = flags.on.has("json") ? renderVerificationJson : renderVerification
    return ok({ text: render(verification.value), exit: isSound(verification.value) ? 0 : 1 })
  })

/** What is made anew is looked at once more. */
async function fix(flags: Flags, { subject }: CdiVerification): Promise<Result<CdiVerification>> {
  const { fixSpecs } = await import("./fix-cdi.ts")
  const { fixed, faults } = fixSpecs(subject)
  const again = observeSubject(flags)
  if (!again.ok) return again
  const findings = verifyCdi(again.value)
  const known = new Set(findings.map((one) => renderFaultLine(one.fault)))
  const told = faults
    .filter((one) => !known.has(renderFaultLine(one)))
    .map((one): Finding => ({ severity: "error", fault: one, evidence: [] }))
  return ok({ subject: again.value, findings: [...told, ...findings], fixed })
}

/** Faults: UsageInvalid, HostUnknown, RecordingInvalid. */
function observeSubject(flags: Flags): Result<CdiSubject> {
  const directories = checkDirectories(flags, shape)
  if (!directories.ok) return directories
  if (flags.words.length > 0 && flags.lists.has("spec-dir"))
    return misused(shape, "who names files names no directories: leave out --spec-dir")
  const image = imageOf(flags)
  if (!image.ok) return image
  // Who was given a GPU on which MIG was enabled since finds nothing to compute on, and no file tells.
  const machine = observeMachine(flags, shape, { asksMigMode: true })
  if (!machine.ok) return machine
  const { host, snapshot } = machine.value
  const user = userOf(flags, host)
  if (!user.ok) return user
  const engines = enginesOf(flags, host)
  if (!engines.ok) return engines
  const read = flags.words.length > 0 ? readFiles(flags.words) : registryNamed(host, directories.value, flags)
  const directory = simulatedRoot(host)
  const unplaced =
    directory === undefined ? { registry: read, files: undefined } : unplaceRegistry(read, directory)
  return ok({
    host,
    snapshot,
    view: viewRoot(host, hostPath("/")),
    registry: unplaced.registry,
    directories: directories.value,
    placed: unplaced.files && {
      files: unplaced.files,
      engineView: viewRoot(createLiveHost(), hostPath("/")),
    },
    mountinfo: host.provenance.kind === "live" ? readText(host, "/proc/self/mountinfo") : undefined,
    areNamed: flags.words.length > 0,
    looker: host.provenance.kind === "recording" ? undefined : process.geteuid?.(),
    unrecorded: new Set(),
    engines: engines.value,
    user: user.value,
    image: image.value,
  })
}

/** Files are those of this machine, as if they lay in one directory. One that is named twice is one, and in conflict with nobody. */
function readFiles(paths: readonly string[]): Registry {
  const files = createLiveFiles()
  const entries = paths.map(directoryEntry)
  const once = paths.filter((_, index) => entries.indexOf(entries[index] ?? "") === index)
  const read = once.map((path): SpecFileRead => ({ path, bytes: readCdiFile(files, path) }))
  return buildRegistry([{ path: ".", files: ok(read) }])
}

/** Those that somebody names, and those that the machine has besides. */
function enginesOf({ lists }: Flags, host: Host): Result<readonly ObservedEngine[]> {
  const named: EngineRelease[] = []
  for (const text of lists.get("engine")?.flatMap((said) => said.split(",")) ?? []) {
    const release = parseEngineRelease(text)
    if (release === undefined) return misused(shape, engineProblem(text))
    named.push(release)
  }
  return ok(observeEngines(host, named))
}

const rootUserName = "root"

/** The next one stands for no user and no group in the kernel's calls. */
const highestId = 0xffff_fffe

/** By number, or by a name that the machine knows. Who root is stands in no file. */
function userOf({ values }: Flags, host: Host): Result<EngineUser> {
  const text = values.get("user")
  if (text === undefined || text === rootUserName) return ok(rootUser)
  const [, uid, gids = ""] = /^(\d{1,10})(?::(\d{1,10}(?:,\d{1,10})*))?$/.exec(text) ?? []
  const numbers = { uid: Number(uid), gids: gids === "" ? [] : gids.split(",").map(Number) }
  if ([numbers.uid, ...numbers.gids].every((id) => id <= highestId)) return ok(numbers)
  const named = observeUser(host, text)
  return named === undefined
    ? misused(shape, `${JSON.stringify(text)} is no UID, UID:GID,GID… or user of ${host.provenance.name}`)
    : ok(named)
}

/** A directory whose links mean its own files, as an image's root is. */
function imageOf({ values }: Flags): Result<RootView | undefined> {
  const directory = values.get("image-root")
  if (directory === undefined) return ok(undefined)
  const listed = createLiveFiles().readDir(hostPath(directory))
  return listed.ok
    ? ok(viewRoot(createSimulatedHost(directory), hostPath("/")))
    : misused(shape, `--image-root is not a directory: ${faultSentence(listed.fault)}`)
}
