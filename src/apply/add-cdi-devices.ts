/**
 * What CDI specifications say of a container's devices, spliced into its config.json as engines would have written it. Loaded only when a
 * container has such a device.
 */

import { applyEdits } from "../core/cdi/apply-edits.ts"
import { withoutHooksThere } from "../core/cdi/hooks-there.ts"
import { mergeEdits } from "../core/cdi/merge-edits.ts"
import type { ContainerEdits } from "../core/cdi/spec.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { parseJsonValue } from "../core/oci/json.ts"
import type { CdiDeviceEdit } from "../core/plan/edit.ts"
import { hostPath } from "../core/text/brand.ts"
import { findHostNode } from "../host/find-host-node.ts"
import { hookEnvironment } from "./hook-environment.ts"

/**
 * The text with the edits of every device, in order. Faults: JsonInvalid, JsonTypeWrong, SpecKeyRepeated, CdiHostNodeMissing,
 * CdiHostNodeOther, HostNotLive.
 */
export function addCdiDevices(
  text: string,
  devices: readonly CdiDeviceEdit[],
  host: HostFiles,
): Result<string> {
  const parsed = parseJsonValue(text, "OCI spec")
  if (!parsed.ok) return parsed
  const placed = placeOnHost(mergeEdits(devices.map(({ containerEdits }) => containerEdits)), host)
  if (!placed.ok) return placed
  return applyEdits(text, withoutHooksThere(placed.value, parsed.value, hookEnvironment), {
    findHostNode: findHostNode(host),
    // As in the release of the Go package that the reference's wrapper is built with: runc before 1.2 knows no mapped binds.
    bindOwners: "kept",
    hookEnvironment,
  })
}

/** Where the runtime finds what the machine has: of a simulated one, below its directory. */
function placeOnHost(edits: ContainerEdits, host: HostFiles): Result<ContainerEdits> {
  if (host.provenance.kind === "live") return ok(edits)
  const mounts: ContainerEdits["mounts"][number][] = []
  for (const mount of edits.mounts) {
    const source = host.livePath(hostPath(mount.hostPath))
    if (source === undefined) return fail(fault("HostNotLive", { name: host.provenance.name }))
    mounts.push({ ...mount, hostPath: source })
  }
  // A simulated machine has few programs: a hook that is not among them is this machine's.
  const programOf = (path: string): string =>
    host.exists(hostPath(path)) ? (host.livePath(hostPath(path)) ?? path) : path
  const hooks = edits.hooks.map((hook) =>
    hook.hookName === "startContainer" ? hook : { ...hook, path: programOf(hook.path) },
  )
  return ok({ ...edits, mounts, hooks })
}
