/**
 * `gantry cdi verify --fix`: specifications of NVIDIA's, AMD's and Intel's GPUs made anew in their own style, from the machine as it is. Each file
 * is old or new at every moment, and what it was stays beside it, under a name that engines do not read.
 */

import { diffSpecs } from "../../core/cdi/diff-specs.ts"
import type { LoadedSpec, RegisteredDevice, Registry } from "../../core/cdi/registry/registry.ts"
import type { CdiSpec } from "../../core/cdi/spec.ts"
import type { CdiSubject } from "../../core/diagnose/cdi-subject.ts"
import { verifyCdi } from "../../core/diagnose/verify-cdi.ts"
import type { FixedFile } from "../../core/explain/render-cdi-verification.ts"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { placeOf } from "../../core/fault/place-of.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { fitVersion } from "../../core/generate/fit-version.ts"
import { isGeneratedSpec } from "../../core/generate/generated-spec.ts"
import { findOwnContent } from "../../core/generate/own-content.ts"
import { placeOnMachine, unplaceSpec } from "../../core/generate/place-on-machine.ts"
import { type EngineReads, lowestLimit, type VersionLimit } from "../../core/generate/version-limit.ts"
import { hostPath } from "../../core/text/brand.ts"
import { findOwnVendorContent } from "../../core/vendor/own-vendor-content.ts"
import { vendorOfKind } from "../../core/vendor/vendor-names.ts"
import { renewSpec } from "./renew-spec.ts"
import { replaceSpec } from "./replace-spec.ts"

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

/**
 * undefined: it is right. A simulated machine's file may say its paths as they lie on this machine (placed): it is compared by the simulated
 * machine's own, and written as it was. Faults: CdiMachineUnready, those of renewSpec and fitVersion, CdiFileNotRenewable, CdiFileUnwritable.
 */
function fixSpec(
  { path: file, spec }: LoadedSpec,
  subject: Omit<CdiSubject, "registry">,
): Result<FixedFile | undefined> {
  const { host, engines, areNamed, placed } = subject
  const isPlaced = placed?.files.has(file) === true
  const made = renewSpec(file, spec, subject)
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

/** The newest version that every engine parses that parses any. */
const limitOf = (engines: CdiSubject["engines"]): VersionLimit | undefined =>
  lowestLimit(
    engines.flatMap(({ engine: name, version, highest }): readonly EngineReads[] =>
      highest === "none" || highest === "unknown" ? [] : [{ engine: { name, version }, version: highest }],
    ),
  )
