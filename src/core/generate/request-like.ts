/**
 * The request that would make a specification like one that is there: same kind, names, hooks and style. For renewing a file without
 * changing what its readers are used to, and for comparing one with its machine.
 */

import { foldersOf, linksOf } from "../cdi/hook-arguments.ts"
import { mapEdits } from "../cdi/map-edits.ts"
import { splitKind } from "../cdi/name-rules.ts"
import { type CdiSpec, type ContainerEdits, type DeviceNode, everyEdits, type Hook } from "../cdi/spec.ts"
import { type ToolkitHook, toolkitHooks } from "../cdi/toolkit-hooks.ts"
import { noAdditions } from "./add-edits.ts"
import { isMachineName, isNameBy, nameStrategies } from "./machine-names.ts"
import { hookChoice, type SpecMode, type SpecRequest, specModes } from "./spec-request.ts"

/**
 * As this generator or the reference's makes them: of a kind of NVIDIA's that names what they are asked for, with a device of such a name; or of
 * any kind, with the driver's nodes and the toolkit's hooks.
 */
export function isGeneratedSpec(spec: CdiSpec): boolean {
  const { vendor, class: className } = splitKind(spec.kind)
  if (/(?:^|\.)nvidia\.com$/.test(vendor) && generatedClasses.has(className))
    return spec.devices.some(({ name }) => isMachineName(name))
  const all = everyEdits(spec).map(({ edits }) => edits)
  return (
    all.some(({ deviceNodes }) => deviceNodes.some(({ path }) => path.startsWith("/dev/nvidia"))) &&
    all.some(({ hooks }) => hooks.some((hook) => hookOf(hook) !== undefined))
  )
}

const generatedClasses: ReadonlySet<string> = new Set(["gpu", "imex-channel", ...specModes])

/** `hookProgram`: what serves hooks where the specification has none. */
export function requestLike(spec: CdiSpec, hookProgram: string): SpecRequest {
  const { vendor, class: className } = splitKind(spec.kind)
  const all: readonly ContainerEdits[] = everyEdits(spec).map(({ edits }) => edits)
  const nodes = all.flatMap(({ deviceNodes }) => deviceNodes)
  const mounts = all.flatMap(({ mounts: some }) => some)
  const hooks = all.flatMap(({ hooks: some }) => some).filter((hook) => hookOf(hook) !== undefined)
  const names = nameStrategies.filter((strategy) => spec.devices.some(({ name }) => isNameBy(strategy, name)))
  const mode = modeOf(vendor, className, nodes, spec.devices)
  // Nodes alone, as people write them, say nothing of how files would be given.
  const hasStyle = hooks.length > 0 || mounts.length > 0
  return {
    mode,
    ...{ vendor, class: className, devices: ["all"], orinCompatDirectory: "" },
    names: names.length === 0 ? nameStrategies : names,
    hasAllDevice: spec.devices.some(({ name }) => name === "all"),
    hooks: hasStyle ? hooksLike(hooks, hookProgram) : usualHooks(mode, hookProgram),
    nodes: {
      numbers: nodes.some(({ major }) => major !== 0) ? "written" : "left",
      rights: nodes.some(({ fileMode }) => fileMode !== undefined) ? "written" : "left",
      owners: nodes.some(({ uid, gid }) => uid === 0 || gid === 0) ? "machine" : "container",
    },
    hasGroups: all.some(({ additionalGids }) => additionalGids.length > 0),
    has32Bit: mounts.some(({ hostPath }) => /\/(?:i386-linux-gnu|lib32)\//.test(hostPath)),
    hasSockets: !hasStyle || mounts.some(({ hostPath }) => /\/nvidia-[a-z]+\/socket$/.test(hostPath)),
    trouble: "refused",
    additions: noAdditions,
  }
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

/** The hook that it calls; undefined: none of ours. */
const hookOf = ({ args }: Hook): ToolkitHook | "complete-container" | undefined =>
  [...toolkitHooks, "complete-container" as const].find((name) => args.includes(name))

/** Another specification whose hooks' program is told that it is one as it is in this: that changed from one generator to the next. */
export function callLike(spec: CdiSpec): (other: CdiSpec) => CdiSpec {
  const wordsOf = (hook: Hook): readonly string[] | undefined => {
    const name = hookOf(hook)
    return name === undefined ? undefined : hook.args.slice(0, hook.args.indexOf(name))
  }
  const hooks = everyEdits(spec).flatMap(({ edits }) => edits.hooks)
  const said = hooks.map(wordsOf).find((words) => words !== undefined && words.length > 0)
  if (said === undefined) return (other) => other
  const call = (hook: Hook): Hook => {
    const own = wordsOf(hook)
    return own === undefined ? hook : { ...hook, args: [...said, ...hook.args.slice(own.length)] }
  }
  return (other) => mapEdits(other, (edits) => ({ ...edits, hooks: edits.hooks.map(call) }))
}

/** What the one hook is told for each of those that it stands for. It sets no modes. Source: write-hooks.ts. */
const wordsInOne: { readonly [H in ToolkitHook]: readonly string[] } = {
  "create-symlinks": ["--link", "--node-link"],
  chmod: [],
  "enable-cuda-compat": ["--enable-cuda-compat"],
  "update-ldcache": ["--folder"],
  "disable-device-node-modification": ["--disable-device-node-modification"],
  "update-application-profile": ["--update-application-profile"],
}

const doesInOne = (hooks: readonly Hook[], name: ToolkitHook): boolean =>
  wordsInOne[name].some((word) => hooks.some(({ args }) => args.includes(word)))

const ldconfigOf = (hooks: readonly Hook[]): string => {
  const args = hooks.flatMap((hook) => hook.args)
  const at = args.indexOf("--ldconfig-path")
  return at === -1 ? "" : (args[at + 1] ?? "")
}

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

/** What of a specification no generator would have written, in words; undefined: nothing. `made`: of the same machine, in the same style. */
export function findOwnContent(spec: CdiSpec, made: CdiSpec): string | undefined {
  const stranger = spec.devices.find(({ name }) => !isMachineName(name))
  if (stranger !== undefined) return `a device ${JSON.stringify(stranger.name)}`
  const [note] = [spec, ...spec.devices].flatMap(({ annotations }) => [...annotations.keys()])
  if (note !== undefined) return `the annotation ${note}`
  const known = readContent(made)
  for (const { edits } of everyEdits(spec)) {
    const own = findOwnEdit(edits, known)
    if (own !== undefined) return own
  }
  return undefined
}

/** What a specification says, to look for what another says beyond. */
interface Content {
  readonly env: ReadonlySet<string>
  /** By path in the container. */
  readonly permissions: ReadonlyMap<string, string>
  readonly mountPlaces: ReadonlySet<string>
  readonly gids: ReadonlySet<number>
  readonly folders: ReadonlySet<string>
  readonly links: ReadonlySet<string>
}

function readContent(spec: CdiSpec): Content {
  const all = everyEdits(spec).map(({ edits }) => edits)
  const nodes = all.flatMap(({ deviceNodes }) => deviceNodes)
  const hooks = all.flatMap((edits) => edits.hooks)
  return {
    env: new Set(all.flatMap(({ env }) => env)),
    permissions: new Map(nodes.map(({ path, permissions }) => [path, permissions])),
    mountPlaces: new Set(all.flatMap(({ mounts }) => mounts.map(({ containerPath }) => containerPath))),
    gids: new Set(all.flatMap(({ additionalGids }) => additionalGids)),
    folders: new Set(hooks.flatMap(foldersOf)),
    links: new Set(hooks.flatMap(linksOf).map(({ path }) => path)),
  }
}

function findOwnEdit(edits: ContainerEdits, known: Content): string | undefined {
  const entry = edits.env.find((one) => !known.env.has(one) && !ofGenerators.test(one))
  if (entry !== undefined) return `the variable ${variableOf(entry)}`
  const node = edits.deviceNodes.find(({ path }) => !known.permissions.has(path) && !driverNode.test(path))
  if (node !== undefined) return `the device node ${node.path}`
  const narrowed = edits.deviceNodes.find(
    ({ path, permissions }) =>
      /^(?:none|[rm]+)$/.test(permissions) && known.permissions.get(path) !== permissions,
  )
  if (narrowed !== undefined) return `permissions of ${narrowed.path}`
  const mount = edits.mounts.find(
    ({ containerPath }) => !known.mountPlaces.has(containerPath) && !isDriverFile(containerPath),
  )
  if (mount !== undefined) return `the mount of ${mount.containerPath}`
  const gid = edits.additionalGids.find((one) => known.gids.size > 0 && !known.gids.has(one))
  if (gid !== undefined) return `the group ${gid}`
  for (const hook of edits.hooks) {
    if (hookOf(hook) === undefined || hook.hookName !== "createContainer") return `the hook ${hook.path}`
    const variable = hook.env.find((one) => !hookVariable.test(one))
    if (variable !== undefined) return `the hook's variable ${variableOf(variable)}`
    const folder = foldersOf(hook).find((one) => !known.folders.has(one) && !usualPlace.test(one))
    if (folder !== undefined) return `the directory ${folder} of libraries`
    const link = linksOf(hook).find(({ path }) => !known.links.has(path) && !isDriverFile(path))
    if (link !== undefined) return `the link ${link.path}`
  }
  return edits.intelRdt !== undefined || edits.netDevices.length > 0 ? "intelRdt or netDevices" : undefined
}

const variableOf = (entry: string): string => entry.slice(0, entry.indexOf("="))

/** Of this generator's and the reference's, in one mode or another. */
const ofGenerators = /^(?:NVIDIA_VISIBLE_DEVICES=void|NVCT_EMPTY_DEVICE=|NVIDIA_CTK_[A-Z_]+=.*)$/

/** Variables that the toolkit's hooks read, and a PATH, which says nothing. */
const hookVariable = /^(?:NVIDIA_(?:CTK|CDI)_[A-Z_]+|PATH)=/

/** Nodes that a driver's module makes. */
const driverNode = /^\/dev\/(?:nvidia|dri\/|gdrdrv$|infiniband\/|dxg$)/

/** Where drivers are installed, in whatever root. */
const usualPlace = /\/(?:usr|lib|lib64|etc|run)(?:\/|$)/

/** Names that files of a driver of another version, or links to another machine's cards, may have had: the last two parts of a path. */
const driverName = /nvidia|cuda|\blibnv|\/nv|\/gsp_|libGLX_indirect|\/by-path\/pci-|\.so\.\d{3,4}\.\d/

const isDriverFile = (path: string): boolean =>
  (usualPlace.test(path) || path.startsWith("/dev/dri/")) &&
  driverName.test(/(?:\/[^/]*){1,2}$/.exec(path)?.[0] ?? "")
