/**
 * The request that would make a specification like one that is there: same kind, names, hooks and style. For renewing a file without
 * changing what its readers are used to, and for comparing one with its machine.
 */

import { splitKind } from "../cdi/name-rules.ts"
import { type CdiSpec, type ContainerEdits, everyEdits, type Hook } from "../cdi/spec.ts"
import { pciAddressPattern } from "../inventory/pci-address.ts"
import { baseName } from "../text/path.ts"
import { noAdditions } from "./add-edits.ts"
import {
  type HookName,
  hookNames,
  type NameStrategy,
  nameStrategies,
  type SpecMode,
  type SpecRequest,
  specModes,
} from "./spec-request.ts"

const namePatterns: { readonly [S in NameStrategy]: RegExp } = {
  index: /^\d+(?::\d+)?$/,
  "type-index": /^(?:gpu\d+|mig\d+:\d+)$/,
  uuid: /^(?:GPU|MIG)-/,
  pci: pciAddressPattern,
}

/** Is it what generators call a device of the machine? */
export const isMachineName = (name: string): boolean =>
  name === "all" || nameStrategies.some((strategy) => namePatterns[strategy].test(name))

/** NVIDIA's, and of GPUs or what goes with them. */
export const isOfDriver = (spec: CdiSpec): boolean =>
  everyEdits(spec).some(({ edits }) => edits.deviceNodes.some(({ path }) => path.startsWith("/dev/nvidia")))

/** `hookProgram`: what serves hooks where the specification has none. */
export function requestLike(spec: CdiSpec, hookProgram: string): SpecRequest {
  const { vendor, class: className } = splitKind(spec.kind)
  const all: readonly ContainerEdits[] = everyEdits(spec).map(({ edits }) => edits)
  const nodes = all.flatMap(({ deviceNodes }) => deviceNodes)
  const mounts = all.flatMap(({ mounts: some }) => some)
  const hooks = all.flatMap(({ hooks: some }) => some).filter((hook) => hookOf(hook) !== undefined)
  const names = nameStrategies.filter((strategy) =>
    spec.devices.some(({ name }) => namePatterns[strategy].test(name)),
  )
  const hasOneHook = hooks.some((hook) => hookOf(hook) === "complete-container")
  const called = new Set(hooks.map(hookOf))
  const mode = modeOf(vendor, className)
  return {
    mode,
    ...{ vendor, class: className, devices: ["all"], orinCompatDirectory: "" },
    names: names.length === 0 ? nameStrategies : names,
    hasAllDevice: spec.devices.some(({ name }) => name === "all"),
    hooks: {
      path: hooks[0]?.path ?? hookProgram,
      shape: hasOneHook ? "one" : "separate",
      isEnabled: hasOneHook ? (name) => doesInOne(hooks, name) : (name) => called.has(name),
      ldconfigPath: ldconfigOf(hooks),
    },
    nodes: {
      numbers: nodes.some(({ major }) => major !== 0) ? "written" : "left",
      rights: nodes.some(({ fileMode }) => fileMode !== undefined) ? "written" : "left",
      owners: nodes.some(({ uid, gid }) => uid === 0 || gid === 0) ? "machine" : "container",
    },
    hasGroups: all.some(({ additionalGids }) => additionalGids.length > 0),
    has32Bit: mounts.some(({ hostPath }) => /\/(?:i386-linux-gnu|lib32)\//.test(hostPath)),
    hasSockets: mounts.some(({ hostPath }) => /\/nvidia-[a-z]+\/socket$/.test(hostPath)),
    trouble: "refused",
    additions: noAdditions,
  }
}

/** The hook that it calls; undefined: none of ours. */
export const hookOf = ({ args }: Hook): HookName | "complete-container" | undefined =>
  [...hookNames, "complete-container" as const].find((name) => args.includes(name))

/** What the one hook is told for each of those that it stands for. It sets no modes. Source: write-hooks.ts. */
const wordsInOne: { readonly [H in HookName]: readonly string[] } = {
  "create-symlinks": ["--link", "--node-link"],
  chmod: [],
  "enable-cuda-compat": ["--enable-cuda-compat"],
  "update-ldcache": ["--folder"],
  "disable-device-node-modification": ["--disable-device-node-modification"],
  "update-application-profile": ["--update-application-profile"],
}

const doesInOne = (hooks: readonly Hook[], name: HookName): boolean =>
  wordsInOne[name].some((word) => hooks.some(({ args }) => args.includes(word)))

const ldconfigOf = (hooks: readonly Hook[]): string => {
  const args = hooks.flatMap((hook) => hook.args)
  const at = args.indexOf("--ldconfig-path")
  return at === -1 ? "" : (args[at + 1] ?? "")
}

const modeOf = (vendor: string, className: string): SpecMode => {
  if (vendor.startsWith("management.")) return "management"
  if (className === "imex-channel") return "imex"
  return specModes.find((mode) => mode === className) ?? "auto"
}

/** What of a specification no generator would have written, in words; undefined: nothing. `made`: of the same machine, in the same style. */
export function findOwnContent(spec: CdiSpec, made: CdiSpec): string | undefined {
  const stranger = spec.devices.find(({ name }) => !isMachineName(name))
  if (stranger !== undefined) return `a device ${JSON.stringify(stranger.name)}`
  const known = everyEdits(made).map(({ edits }) => edits)
  const variables = new Set(known.flatMap(({ env }) => env.map(variableOf)))
  const nodePlaces = new Set(known.flatMap(({ deviceNodes }) => deviceNodes.map(({ path }) => path)))
  const mountPlaces = new Set(known.flatMap(({ mounts }) => mounts.map(({ containerPath }) => containerPath)))
  for (const { edits } of everyEdits(spec)) {
    const variable = edits.env.find(
      (entry) => !variables.has(variableOf(entry)) && !entry.startsWith("NVIDIA_"),
    )
    if (variable !== undefined) return `the variable ${variableOf(variable)}`
    const node = edits.deviceNodes.find(({ path }) => !nodePlaces.has(path) && !driverNode.test(path))
    if (node !== undefined) return `the device node ${node.path}`
    const mount = edits.mounts.find(
      ({ containerPath }) => !mountPlaces.has(containerPath) && !driverFile.test(baseName(containerPath)),
    )
    if (mount !== undefined) return `the mount of ${mount.containerPath}`
    const hook = edits.hooks.find((one) => hookOf(one) === undefined)
    if (hook !== undefined) return `the hook ${hook.path}`
    if (edits.intelRdt !== undefined || edits.netDevices.length > 0) return "intelRdt or netDevices"
  }
  return undefined
}

const variableOf = (entry: string): string => entry.slice(0, entry.indexOf("="))

/** Nodes that a driver's module makes. */
const driverNode = /^\/dev\/(?:nvidia|dri\/|gdrdrv$|infiniband\/|dxg$)/

/** Files that a driver of another version may have had. */
const driverFile = /nvidia|cuda|^libnv|^nv|^gsp_|\.so\.\d{3,4}\.\d/
