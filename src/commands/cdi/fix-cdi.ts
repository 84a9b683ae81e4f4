/**
 * `gantry cdi verify --fix`: specifications of NVIDIA's, AMD's and Intel's GPUs made anew in their own style, from the machine as it is. Each file
 * is old or new at every moment, and what it was stays beside it, under a name that engines do not read.
 */

import { closeSync, constants, fstatSync, openSync } from "node:fs"
import { diffSpecs } from "../../core/cdi/diff-specs.ts"
import { parseSpec } from "../../core/cdi/read/parse-spec.ts"
import { specLimitBytes } from "../../core/cdi/read/spec-limit.ts"
import type { LoadedSpec, RegisteredDevice, Registry } from "../../core/cdi/registry/registry.ts"
import { formatOf, renderSpec } from "../../core/cdi/render-spec.ts"
import type { CdiSpec } from "../../core/cdi/spec.ts"
import { unwritableFile } from "../../core/cdi/unwritable-file.ts"
import type { CdiSubject } from "../../core/diagnose/cdi-subject.ts"
import { verifyCdi } from "../../core/diagnose/verify-cdi.ts"
import type { FixedFile } from "../../core/explain/render-cdi-verification.ts"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { placeOf } from "../../core/fault/place-of.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { findUnreadFiles, findUnreadIn, type Unready } from "../../core/generate/find-unready.ts"
import { fitVersion } from "../../core/generate/fit-version.ts"
import { generateSpec } from "../../core/generate/generate-spec.ts"
import { isGeneratedSpec } from "../../core/generate/generated-spec.ts"
import { findOwnContent } from "../../core/generate/own-content.ts"
import { placeOnMachine, unplaceSpec } from "../../core/generate/place-on-machine.ts"
import { requestLike } from "../../core/generate/request-like.ts"
import { type EngineReads, lowestLimit, type VersionLimit } from "../../core/generate/version-limit.ts"
import type { HostFiles } from "../../core/host/host.ts"
import type { RootView } from "../../core/host/root-view.ts"
import { hostPath } from "../../core/text/brand.ts"
import { findVitalLack } from "../../core/vendor/generate-vendor-spec.ts"
import { findOwnVendorContent } from "../../core/vendor/own-vendor-content.ts"
import { vendorOfKind } from "../../core/vendor/vendor-names.ts"
import { generateVendorSpecLike } from "../../core/vendor/vendor-spec-like.ts"
import { attempt } from "../../host/files/file-system.ts"
import { readUpTo } from "../../host/files/read-up-to.ts"
import { putFile, whereItLies } from "../../host/files/replace-file.ts"
import { createLiveFiles } from "../../host/live-files.ts"
import { ownHookProgram } from "./own-hook-program.ts"
import { writeSpecAt } from "./write-spec-file.ts"

export interface Fixing {
  readonly fixed: readonly FixedFile[]
  readonly faults: readonly Fault[]
}

/** Files that no error tells of stay as they are. Order: as read. */
export function fixSpecs(subject: CdiSubject): Fixing {
  const fixed: FixedFile[] = []
  const faults: Fault[] = []
  for (const file of generated(subject.registry)) {
    if (!isWrong(file, subject)) continue
    const done = fixSpec(file, subject)
    if (!done.ok) faults.push(done.fault)
    else if (done.value !== undefined) fixed.push(done.value)
  }
  return { fixed, faults }
}

/** By itself: what several files have in common is told of one of them. */
function isWrong(file: LoadedSpec, subject: CdiSubject): boolean {
  const devices = file.spec.devices.map((device): [string, RegisteredDevice] => {
    const name = `${file.spec.kind}=${device.name}`
    return [name, { name, device, source: file, hidden: [] }]
  })
  const registry: Registry = {
    specs: [file],
    devices: new Map(devices),
    conflicts: [],
    rejected: [],
    findings: [],
  }
  return verifyCdi({ ...subject, registry }).some(
    ({ severity, fault: one }) => severity === "error" && fileOf(one) === file.path,
  )
}

/** In which something is wrong; undefined: it is so with the machine. */
const fileOf = (one: Fault): string | undefined =>
  placeOf(one)?.file ?? ("file" in one.data ? one.data.file : undefined)

const generated = ({ specs }: Registry): readonly LoadedSpec[] =>
  specs.filter(({ spec }) => vendorOfKind(spec.kind) !== undefined || isGeneratedSpec(spec))

/** undefined: it is right. Faults: CdiMachineUnready, those of makeAnew and fitVersion, CdiFileNotRenewable, CdiFileUnwritable. */
function fixSpec(
  { path: file, spec }: LoadedSpec,
  subject: Omit<CdiSubject, "registry">,
): Result<FixedFile | undefined> {
  const { host, engines, areNamed, placed } = subject
  const isPlaced = placed?.files.has(file) === true
  const made = makeAnew(file, spec, subject)
  if (!made.ok) return made
  const directory = host.livePath(hostPath("/")) ?? "/"
  const written = isPlaced ? placeOnMachine(made.value, (path) => host.livePath(hostPath(path))) : made.value
  const fitted = fitVersion(written, limitOf(engines))
  if (!fitted.ok) return fitted
  const renewed = isPlaced ? unplaceSpec(fitted.value.spec, directory) : fitted.value.spec
  const vendor = vendorOfKind(spec.kind)
  const own =
    vendor === undefined ? findOwnContent(spec, renewed) : findOwnVendorContent(vendor, spec, made.value)
  if (own !== undefined)
    return fail(fault("CdiFileNotRenewable", { file, own, isNvidias: vendor === undefined }))
  if (diffSpecs(spec, renewed).length === 0) return ok(undefined)
  const unplace = isPlaced
    ? (one: CdiSpec): CdiSpec => unplaceSpec(one, directory)
    : (one: CdiSpec): CdiSpec => one
  return replaceSpec({ file, judged: spec, renewed, written: fitted.value.spec, unplace }, host, areNamed)
}

/**
 * With the machine's own paths. What comes of a moment without memory or descriptors is not to take a GPU away. Faults: CdiMachineUnready,
 * KfdNodeMissing, those of generateSpec and generateVendorSpecLike.
 */
function makeAnew(
  file: string,
  spec: CdiSpec,
  { host, view, snapshot, placed }: Omit<CdiSubject, "registry">,
): Result<CdiSpec> {
  const vendor = vendorOfKind(spec.kind)
  if (vendor !== undefined) {
    const made = generateVendorSpecLike(vendor, host, spec)
    if (!made.ok) return made
    const lacking = findVitalLack(made.value)
    if (lacking !== undefined) return fail(lacking)
    const unread = findUnreadIn(made.value.findings)
    return unread.length > 0 ? fail(unready(unread)) : ok(made.value.spec)
  }
  const isPlaced = placed?.files.has(file) === true
  const request = requestLike(spec, ownHookProgram())
  const hookPath = usableHookProgram(request.hooks.path, isPlaced ? placed.engineView : view)
  const unread = findUnreadFiles(snapshot)
  if (unread.length > 0) return fail(unready(unread))
  const made = generateSpec(snapshot, { ...request, hooks: { ...request.hooks, path: hookPath } })
  return made.ok ? ok(made.value.spec) : made
}

const unready = (lacks: readonly Unready[]): Fault =>
  fault("CdiMachineUnready", { lacks: lacks.map(({ what }) => what) })

interface Renewal {
  readonly file: string
  readonly judged: CdiSpec
  /** As the machine calls its own. */
  readonly renewed: CdiSpec
  /** As the file says it. */
  readonly written: CdiSpec
  readonly unplace: (spec: CdiSpec) => CdiSpec
}

/** undefined: it is right by now. Faults: CdiFileUnwritable. */
function replaceSpec(
  { file, judged, renewed, written, unplace }: Renewal,
  host: HostFiles,
  areNamed: boolean,
): Result<FixedFile | undefined> {
  const named = areNamed ? file : host.livePath(hostPath(file))
  if (named === undefined) return fail(fault("CdiFileUnwritable", { file, reason: "refused", errno: "" }))
  // Behind a link: what manages the file made it on purpose.
  const place = attempt(named, "lstat", () => whereItLies(named))
  if (!place.ok) return fail(unwritableFile(file, place.fault))
  const path = place.value
  const previous = readPrevious(path)
  if (!previous.ok) return previous
  const parsed = parseSpec({ path: file, bytes: previous.value.bytes })
  const current = parsed.ok ? unplace(parsed.value.spec) : undefined
  // Under another name it was made anew a moment ago.
  if (current !== undefined && diffSpecs(current, renewed).length === 0) return ok(undefined)
  if (current === undefined || diffSpecs(current, judged).length > 0)
    return fail(fault("CdiFileUnwritable", { file, reason: "changed", errno: "" }))
  const kept = putFile(`${path}.previous`, previous.value.bytes, previous.value.mode)
  if (!kept.ok) return fail(unwritableFile(`${path}.previous`, kept.fault))
  // A file that was named may have an ending that engines do not read, and keeps it.
  const done = writeSpecAt(renderSpec(written, formatOf(file)), path)
  if (!done.ok) return done
  return ok({
    file,
    previous: `${isLink(file, host, areNamed) ? path : file}.previous`,
    added: namesBeside(renewed, judged),
    removed: namesBeside(judged, renewed),
  })
}

interface PreviousFile {
  readonly bytes: Uint8Array
  readonly mode: number
}

/** Faults: CdiFileUnwritable. */
function readPrevious(path: string): Result<PreviousFile> {
  const read = attempt(path, "read", () => {
    // Another thing may lie there by now, and who opens a FIFO waits for its other end.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(descriptor)
      return stat.isFile()
        ? { bytes: readUpTo(descriptor, stat.size, specLimitBytes + 1), mode: stat.mode & 0o777 }
        : undefined
    } finally {
      closeSync(descriptor)
    }
  })
  if (!read.ok) return fail(unwritableFile(path, read.fault))
  return read.value === undefined
    ? fail(fault("CdiFileUnwritable", { file: path, reason: "replaced", errno: "" }))
    : ok(read.value)
}

/** A file of the machine's directories is called as the machine calls it. */
function isLink(file: string, host: HostFiles, isNamed: boolean): boolean {
  const stat = (isNamed ? createLiveFiles() : host).lstat(hostPath(file))
  return stat.ok && stat.value.kind === "symlink"
}

/** Names of devices that the other has not. */
function namesBeside({ devices }: CdiSpec, other: CdiSpec): readonly string[] {
  const known = new Set(other.devices.map(({ name }) => name))
  return devices.map(({ name }) => name).filter((name) => !known.has(name))
}

/** That of the file, unless only this executable is there to serve its hooks. */
function usableHookProgram(path: string, view: RootView): string {
  const own = ownHookProgram()
  const isThere = (program: string): boolean => {
    const resolved = view.resolve(program)
    return resolved.ok && view.lstat(resolved.value).ok
  }
  return !isThere(path) && isThere(own) ? own : path
}

/** The newest version that every engine parses that parses any. */
const limitOf = (engines: CdiSubject["engines"]): VersionLimit | undefined =>
  lowestLimit(
    engines.flatMap(({ engine: name, version, highest }): readonly EngineReads[] =>
      highest === "none" || highest === "unknown" ? [] : [{ engine: { name, version }, version: highest }],
    ),
  )
