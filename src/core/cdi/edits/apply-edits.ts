/**
 * Edits applied to a container's config.json, as splices of its text: what no edit concerns keeps its bytes.
 * Source: CDI specification 1.1.0, "OCI Edits"; order and details as the released Go package has them (facts §6.5).
 */

import { ok, type Result } from "../../fault/result.ts"
import { envPatch, gidPatch, list, more, object, placeOf } from "../../oci/edit-spec.ts"
import { parseJsonValue } from "../../oci/json.ts"
import { type JsonPatch, patchJson, type RewritePatch } from "../../oci/patch-json.ts"
import { cleanPath } from "../../text/path.ts"
import { depthOf } from "../../text/path-depth.ts"
import { type ContainerEdits, type HookName, hookNames, type IntelRdt, type Mount } from "../spec.ts"
import { type CompleteNode, completeNode, type FindHostNode } from "./complete-node.ts"
import { type Owner, readOwner } from "./read-owner.ts"

export interface ApplyOptions {
  readonly findHostNode: FindHostNode
  /** `mapped`: binds of a container with a user namespace of its own get its ids, as engines with a CDI library from 1.1.2 on do it. */
  readonly bindOwners: "kept" | "mapped"
  /** What a hook without variables gets, which would have the container's or the runtime's otherwise. Empty: it stays as it is. */
  readonly hookEnvironment: readonly string[]
}

/**
 * The text with the edits; the same text when there is nothing to change. The edits must be those of valid specifications.
 * Faults: JsonInvalid, JsonTypeWrong, SpecKeyRepeated, CdiHostNodeMissing, CdiHostNodeOther.
 */
export function applyEdits(text: string, edits: ContainerEdits, options: ApplyOptions): Result<string> {
  const parsed = parseJsonValue(text, "OCI spec")
  if (!parsed.ok) return parsed
  const owner = readOwner(parsed.value)
  if (!owner.ok) return owner
  const devices = planDevices(edits, owner.value, options.findHostNode)
  if (!devices.ok) return devices
  const bindOwners = owner.value.hasIdMappings ? options.bindOwners : "kept"
  return patchJson(
    text,
    parsed.value,
    object(
      [
        "process",
        object(
          ["env", envPatch(edits.env.map(splitVariable))],
          ["user", object(["additionalGids", gidPatch(edits.additionalGids.filter((gid) => gid !== 0))])],
        ),
      ],
      ["mounts", mountsPatch(edits.mounts, bindOwners)],
      ["hooks", object(...hookNames.map((name) => hooksPatch(name, edits, options.hookEnvironment)))],
      [
        "linux",
        object(
          ["devices", devicesPatch(devices.value.map(({ device }) => device))],
          ["resources", object(["devices", more(devices.value.flatMap(({ rule }) => rule))])],
          ["netDevices", netDevicesPatch(edits.netDevices)],
          ...(edits.intelRdt === undefined ? [] : [rdtPatch(edits.intelRdt)]),
        ),
      ],
    ),
  )
}

const splitVariable = (entry: string): { readonly name: string; readonly value: string } => {
  const equals = entry.indexOf("=")
  return { name: entry.slice(0, equals), value: entry.slice(equals + 1) }
}

interface PlannedDevice {
  readonly device: CompleteNode & { readonly uid?: number | undefined; readonly gid?: number | undefined }
  /** For the cgroup. One, or none where it knows no such device. */
  readonly rule: readonly object[]
}

function planDevices(
  { deviceNodes }: ContainerEdits,
  owner: Owner,
  findHostNode: FindHostNode,
): Result<readonly PlannedDevice[]> {
  const planned: PlannedDevice[] = []
  for (const node of deviceNodes) {
    const complete = completeNode(node, findHostNode)
    if (!complete.ok) return complete
    const { type, major, minor } = complete.value
    const uid = node.uid ?? (owner.uid || undefined)
    const gid = node.gid ?? (owner.gid || undefined)
    const access = node.permissions === "none" ? undefined : node.permissions || "rwm"
    planned.push({
      device: { ...complete.value, uid, gid },
      rule: type === "b" || type === "c" ? [{ allow: true, type, major, minor, access }] : [],
    })
  }
  return ok(planned)
}

/** The last of the same place counts, where it stands. */
function lastOfEach<T>(items: readonly T[], placeOfItem: (item: T) => string): ReadonlyMap<string, T> {
  const byPlace = new Map<string, T>()
  for (const one of items) {
    const place = cleanPath(placeOfItem(one))
    byPlace.delete(place)
    byPlace.set(place, one)
  }
  return byPlace
}

function devicesPatch(devices: readonly PlannedDevice["device"][]): JsonPatch {
  const ours = lastOfEach(devices, ({ path }) => path)
  return list((item) => (ours.has(placeOf(item, "path")) ? "goes" : "stays"), [...ours.values()])
}

type BindOwners = ApplyOptions["bindOwners"]

/** All mounts then stand by the depth of their place, so that none hides another; those of one depth as they stood. */
function mountsPatch(mounts: readonly Mount[], bindOwners: BindOwners): RewritePatch {
  const ours = lastOfEach(mounts, ({ containerPath }) => containerPath)
  const added = [...ours].map(([place, mount]) => ({
    place,
    text: JSON.stringify({
      destination: mount.containerPath,
      type: mount.type || undefined,
      source: mount.hostPath,
      options: mountOptions(mount, bindOwners),
    }),
  }))
  return {
    kind: "rewrite",
    write(items) {
      const kept = items.map(({ text, value }) => ({ text, place: placeOf(value, "destination") }))
      if (added.length === 0) return kept.map(({ text }) => text)
      const all = [...kept.filter(({ place }) => !ours.has(place)), ...added]
      return all.sort((one, other) => depthOf(one.place) - depthOf(other.place)).map(({ text }) => text)
    },
  }
}

function mountOptions({ type, options }: Mount, bindOwners: BindOwners): readonly string[] | undefined {
  const bind = options.findLast((option) => option === "bind" || option === "rbind")
  const isBind = bind !== undefined || type === "bind"
  const isMapped = options.some((option) => option === "idmap" || option === "ridmap")
  const all =
    bindOwners === "mapped" && isBind && !isMapped
      ? [...options, bind === "rbind" ? "ridmap" : "idmap"]
      : options
  return unlessEmpty(all)
}

function hooksPatch(
  name: HookName,
  { hooks }: ContainerEdits,
  environment: readonly string[],
): readonly [string, JsonPatch] {
  const added = hooks
    .filter(({ hookName }) => hookName === name)
    .map(({ path, args, env, timeout }) => ({
      path,
      args: unlessEmpty(args),
      env: unlessEmpty(env) ?? unlessEmpty(environment),
      timeout,
    }))
  return [name, more(added)]
}

/** In config.json an empty list is left out. */
const unlessEmpty = (items: readonly string[]): readonly string[] | undefined =>
  items.length === 0 ? undefined : items

/** The last of a host's interface counts. */
function netDevicesPatch(devices: ContainerEdits["netDevices"]): JsonPatch {
  const byHost = new Map(devices.map(({ hostInterfaceName, name }) => [hostInterfaceName, name]))
  return {
    kind: "object",
    isMap: true,
    members: [...byHost].map(([host, name]) => [host, { kind: "value", text: JSON.stringify({ name }) }]),
  }
}

const rdtPatch = (rdt: IntelRdt): readonly [string, JsonPatch] => [
  "intelRdt",
  {
    kind: "value",
    text: JSON.stringify({
      closID: rdt.closID || undefined,
      schemata: rdt.schemata && unlessEmpty(rdt.schemata),
      l3CacheSchema: rdt.l3CacheSchema || undefined,
      memBwSchema: rdt.memBwSchema || undefined,
      enableMonitoring: rdt.enableMonitoring || undefined,
    }),
  },
]
