/**
 * The request that would make a specification like one that is there: same kind, names, hooks and style. For renewing a file without
 * changing what its readers are used to, and for comparing one with its machine.
 */

import { flagValues, hasFlag } from "../cdi/edits/hook-arguments.ts"
import { mapEdits } from "../cdi/edits/map-edits.ts"
import type { ToolkitHook } from "../cdi/edits/toolkit-hooks.ts"
import { splitKind } from "../cdi/rules/name-rules.ts"
import { allEdits, type CdiSpec, type DeviceNode, type Hook, type Mount } from "../cdi/spec.ts"
import { noAdditions } from "./add-edits.ts"
import { hookOf } from "./generated-spec.ts"
import { isNameBy, nameStrategies } from "./machine-names.ts"
import { hookChoice, type SpecMode, type SpecRequest, specModes } from "./spec-request.ts"

/** `hookProgram`: what serves hooks where the specification has none. */
export function requestLike(spec: CdiSpec, hookProgram: string): SpecRequest {
  const { vendor, class: className } = splitKind(spec.kind)
  const all = allEdits(spec)
  const nodes = all.flatMap(({ deviceNodes }) => deviceNodes)
  const mounts = all.flatMap(({ mounts: some }) => some)
  const hooks = all.flatMap(({ hooks: some }) => some).filter((hook) => hookOf(hook) !== undefined)
  const names = nameStrategies.filter((strategy) => spec.devices.some(({ name }) => isNameBy(strategy, name)))
  const mode = modeOf(vendor, className, nodes, spec.devices)
  // Nodes alone, as people write them, say nothing of how files would be given.
  const hasStyle = hooks.length > 0 || mounts.length > 0
  return {
    mode,
    vendor,
    class: className,
    devices: ["all"],
    orinCompatDirectory: "",
    names: names.length === 0 ? nameStrategies : names,
    hasAllDevice: spec.devices.some(({ name }) => name === "all"),
    hooks: hasStyle ? hooksLike(hooks, hookProgram) : usualHooks(mode, hookProgram),
    nodes: {
      numbers: nodes.some(({ major }) => major !== 0) ? "written" : "left",
      rights: nodes.some(({ fileMode }) => fileMode !== undefined) ? "written" : "left",
      owners: nodes.some(({ uid, gid }) => uid === 0 || gid === 0) ? "machine" : "container",
    },
    hasGroups: all.some(({ additionalGids }) => additionalGids.length > 0),
    has32Bit: areOf32Bits(mounts),
    hasSockets: !hasStyle || mounts.some(({ hostPath }) => /\/nvidia-[a-z]+\/socket$/.test(hostPath)),
    machineFaults: "refused",
    additions: noAdditions,
  }
}

/** As Debian, Arch and NixOS call a place of libraries of 32 bits. */
const placeOf32Bits = /\/i386-linux-gnu\/|\/(?:[^/]*-)?lib32\/|\/opengl-driver-32\//

/** Fedora and SUSE have them in `lib`, which says nothing by itself: those of 64 bits are beside them in `lib64`. */
function areOf32Bits(mounts: readonly Mount[]): boolean {
  const paths = new Set(mounts.map(({ hostPath }) => hostPath))
  return [...paths].some(
    (path) =>
      placeOf32Bits.test(path) || (path.includes("/lib64/") && paths.has(path.replace("/lib64/", "/lib/"))),
  )
}

const usualHooks = (mode: SpecMode, path: string): SpecRequest["hooks"] => ({
  path,
  shape: "one",
  isEnabled: hookChoice(mode, [], []),
  ldconfigPath: "",
})

function hooksLike(hooks: readonly Hook[], hookProgram: string): SpecRequest["hooks"] {
  const hasOneHook = hooks.some((hook) => hookOf(hook) === "complete-container")
  const called = new Set(hooks.map(hookOf))
  return {
    path: hooks[0]?.path ?? hookProgram,
    shape: hasOneHook ? "one" : "separate",
    isEnabled: hasOneHook ? (name) => doesInOne(hooks, name) : (name) => called.has(name),
    ldconfigPath: ldconfigOf(hooks),
  }
}

/** Another specification whose hooks' program is told that it is one as it is in this: that changed from one generator to the next. */
export function callLike(spec: CdiSpec): (other: CdiSpec) => CdiSpec {
  const wordsOf = (hook: Hook): readonly string[] | undefined => {
    const name = hookOf(hook)
    return name === undefined ? undefined : hook.args.slice(0, hook.args.indexOf(name))
  }
  const hooks = allEdits(spec).flatMap((edits) => edits.hooks)
  const said = hooks.map(wordsOf).find((words) => words !== undefined && words.length > 0)
  if (said === undefined) return (other) => other
  const call = (hook: Hook): Hook => {
    const own = wordsOf(hook)
    return own === undefined ? hook : { ...hook, args: [...said, ...hook.args.slice(own.length)] }
  }
  return (other) => mapEdits(other, (edits) => ({ ...edits, hooks: edits.hooks.map(call) }))
}

/** By which flags the one hook is told to do what each of those does that it stands for. It sets no modes. Source: write-hooks.ts. */
const flagsInOne: { readonly [H in ToolkitHook]: readonly string[] } = {
  "create-symlinks": ["link", "node-link"],
  chmod: [],
  "enable-cuda-compat": ["enable-cuda-compat"],
  "update-ldcache": ["folder"],
  "disable-device-node-modification": ["disable-device-node-modification"],
  "update-application-profile": ["update-application-profile"],
}

const doesInOne = (hooks: readonly Hook[], name: ToolkitHook): boolean =>
  flagsInOne[name].some((flag) => hooks.some(({ args }) => hasFlag(args, flag)))

const ldconfigOf = (hooks: readonly Hook[]): string =>
  hooks.flatMap(({ args }) => flagValues(args, "ldconfig-path")).find((path) => path !== undefined) ?? ""

/** By the kind that this generator gives; the reference's leaves all under that of GPUs, where the nodes tell. */
const modeOf = (
  vendor: string,
  className: string,
  nodes: readonly DeviceNode[],
  devices: CdiSpec["devices"],
): SpecMode => {
  if (vendor.startsWith("management.") || isOfManagement(nodes, devices)) return "management"
  if (className === "imex-channel") return "imex"
  const named = specModes.find((mode) => mode === className)
  const alone = nodesOfMode.find(([, pattern]) => nodes.every(({ path }) => pattern.test(path)))
  return named ?? (nodes.length === 0 ? undefined : alone?.[0]) ?? "auto"
}

/** One device, of everybody's: rights over MIG go with no GPU otherwise. */
const isOfManagement = (nodes: readonly DeviceNode[], devices: CdiSpec["devices"]): boolean =>
  devices.every(({ name }) => name === "all") &&
  migRights.every((path) => nodes.some((node) => node.path === path))

/** To configure MIG, and to watch it, on all GPUs. */
const migRights = ["/dev/nvidia-caps/nvidia-cap1", "/dev/nvidia-caps/nvidia-cap2"]

const nodesOfMode: readonly (readonly [SpecMode, RegExp])[] = [
  ["imex", /^\/dev\/nvidia-caps-imex-channels\//],
  ["nvswitch", /^\/dev\/nvidia-nvswitch/],
  ["gds", /^\/dev\/nvidia-fs/],
  ["mofed", /^\/dev\/infiniband\//],
  ["gdrcopy", /^\/dev\/gdrdrv$/],
]
