/** A specification made anew in the style of one that is there: what it asked for, from the machine as it is now. */

import type { CdiSpec } from "../../core/cdi/spec.ts"
import type { CdiSubject } from "../../core/diagnose/cdi-subject.ts"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { findUnreadFiles, findUnreadIn, type Unready } from "../../core/generate/find-unready.ts"
import { generateSpec } from "../../core/generate/generate-spec.ts"
import { requestLike } from "../../core/generate/request-like.ts"
import type { HostFiles } from "../../core/host/host.ts"
import type { RootView } from "../../core/host/root-view.ts"
import { findVitalLack } from "../../core/vendor/generate-vendor-spec.ts"
import { type VendorName, vendorOfKind } from "../../core/vendor/vendor-names.ts"
import { generateVendorSpecLike } from "../../core/vendor/vendor-spec-like.ts"
import { ownHookProgram } from "./own-hook-program.ts"

/**
 * With the machine's own paths. What comes of a moment without memory or descriptors is not to take a GPU away. Faults: CdiMachineUnready,
 * KfdNodeMissing, those of generateSpec and generateVendorSpecLike.
 */
export function renewSpec(
  file: string,
  spec: CdiSpec,
  { host, view, snapshot, placed }: Omit<CdiSubject, "registry">,
): Result<CdiSpec> {
  const vendor = vendorOfKind(spec.kind)
  if (vendor !== undefined) return renewVendorSpec(vendor, spec, host)
  const unread = findUnreadFiles(snapshot)
  if (unread.length > 0) return fail(unready(unread))
  const request = requestLike(spec, ownHookProgram())
  const engineView = placed?.files.has(file) === true ? placed.engineView : view
  const path = usableHookProgram(request.hooks.path, engineView)
  const made = generateSpec(snapshot, { ...request, hooks: { ...request.hooks, path } })
  return made.ok ? ok(made.value.spec) : made
}

function renewVendorSpec(vendor: VendorName, spec: CdiSpec, host: HostFiles): Result<CdiSpec> {
  const made = generateVendorSpecLike(vendor, host, spec)
  if (!made.ok) return made
  const lacking = findVitalLack(made.value)
  if (lacking !== undefined) return fail(lacking)
  const unread = findUnreadIn(made.value.findings)
  return unread.length > 0 ? fail(unready(unread)) : ok(made.value.spec)
}

const unready = (lacks: readonly Unready[]): Fault =>
  fault("CdiMachineUnready", { lacks: lacks.map(({ what }) => what) })

/** That of the file, unless only this executable is there to serve its hooks. */
function usableHookProgram(path: string, view: RootView): string {
  const own = ownHookProgram()
  const isThere = (program: string): boolean => {
    const resolved = view.resolve(program)
    return resolved.ok && view.lstat(resolved.value).ok
  }
  return !isThere(path) && isThere(own) ? own : path
}
