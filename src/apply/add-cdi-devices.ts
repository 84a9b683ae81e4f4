/**
 * What CDI specifications say of a container's devices, spliced into its config.json as engines would have written it. Loaded only when a
 * container has such a device.
 */

import { applyEdits } from "../core/cdi/edits/apply-edits.ts"
import { mergeEdits } from "../core/cdi/edits/merge-edits.ts"
import { readOwner } from "../core/cdi/edits/read-owner.ts"
import { withoutPresentHooks } from "../core/cdi/edits/without-present-hooks.ts"
import { type ContainerEdits, type DeviceNode, hostPathOf, type Mount } from "../core/cdi/spec.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { list, more, object, placeOf } from "../core/oci/edit-spec.ts"
import { parseJsonValue } from "../core/oci/json.ts"
import { patchJson } from "../core/oci/patch-json.ts"
import type { CdiDeviceEdit } from "../core/plan/edit.ts"
import { hostPath } from "../core/text/brand.ts"
import { cleanPath } from "../core/text/path.ts"
import { findHostNode } from "../host/cdi/find-host-node.ts"
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
  const owner = readOwner(parsed.value)
  if (!owner.ok) return owner
  const merged = mergeEdits(devices.map(({ containerEdits }) => containerEdits))
  const bound = owner.value.hasUserNamespace ? divideNodes(merged, host) : { edits: merged, nodes: [] }
  const placed = placeOnHost(bound.edits, host)
  if (!placed.ok) return placed
  const applied = applyEdits(text, withoutPresentHooks(placed.value, parsed.value, hookEnvironment), {
    findHostNode: findHostNode(host),
    // As in the release of the Go package that the reference's wrapper is built with: runc before 1.2 knows no mapped binds.
    bindOwners: "kept",
    hookEnvironment,
  })
  return applied.ok && bound.nodes.length > 0 ? giveBound(applied.value, bound.nodes) : applied
}

/**
 * In a user namespace runtimes make no nodes: they bind the machine's own of the same path. A node that lies elsewhere on the machine would be
 * another, or none, and is bound from where it lies.
 */
function divideNodes(edits: ContainerEdits, host: HostFiles): DividedNodes {
  const find = findHostNode(host)
  const isBound = (node: DeviceNode): boolean => {
    const { path, type, major, minor } = node
    const found = find(hostPathOf(node))
    const isElsewhere = hostPathOf(node) !== path || host.provenance.kind !== "live"
    return (
      isElsewhere && type !== "p" && found?.type === type && found.major === major && found.minor === minor
    )
  }
  const nodes = edits.deviceNodes.filter(isBound)
  const mounts = nodes.map(
    (node): Mount => ({
      hostPath: hostPathOf(node),
      containerPath: node.path,
      type: "bind",
      options: ["nosuid", "noexec", "rbind", "rprivate"],
    }),
  )
  const deviceNodes = edits.deviceNodes.filter((node) => !nodes.includes(node))
  return { edits: { ...edits, deviceNodes, mounts: [...edits.mounts, ...mounts] }, nodes }
}

interface DividedNodes {
  readonly edits: ContainerEdits
  /** What is mounted instead. */
  readonly nodes: readonly DeviceNode[]
}

/** Permission for what is mounted, and no other node in its place. */
function giveBound(text: string, nodes: readonly DeviceNode[]): Result<string> {
  const parsed = parseJsonValue(text, "OCI spec")
  if (!parsed.ok) return parsed
  const places = new Set(nodes.map(({ path }) => cleanPath(path)))
  const rules = nodes.map(({ type, major, minor, permissions }) => ({
    allow: true,
    type,
    major,
    minor,
    access: permissions === "none" ? undefined : permissions || "rwm",
  }))
  const patch = object([
    "linux",
    object(
      ["devices", list((item) => (places.has(placeOf(item, "path")) ? "goes" : "stays"), [])],
      ["resources", object(["devices", more(rules)])],
    ),
  ])
  return patchJson(text, parsed.value, patch)
}

/** Where the runtime finds what the machine has: of a simulated one, below its directory. */
function placeOnHost(edits: ContainerEdits, host: HostFiles): Result<ContainerEdits> {
  if (host.provenance.kind === "live") return ok(edits)
  const mounts: Mount[] = []
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
