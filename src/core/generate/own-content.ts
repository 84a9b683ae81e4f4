/** What an author put into a specification that no generator would have written: who renews a file must not take it away. */

import { foldersOf, linksInHook } from "../cdi/edits/hook-arguments.ts"
import { allEdits, type CdiSpec, type ContainerEdits } from "../cdi/spec.ts"
import { hookOf } from "./generated-spec.ts"
import { isMachineName } from "./machine-names.ts"

/** What of a specification no generator would have written, in words; undefined: nothing. `made`: of the same machine, in the same style. */
export function findOwnContent(spec: CdiSpec, made: CdiSpec): string | undefined {
  const stranger = spec.devices.find(({ name }) => !isMachineName(name))
  if (stranger !== undefined) return `a device ${JSON.stringify(stranger.name)}`
  const [note] = [spec, ...spec.devices].flatMap(({ annotations }) => [...annotations.keys()])
  if (note !== undefined) return `the annotation ${note}`
  const known = readContent(made)
  const { nodeGroups } = readContent(spec)
  for (const edits of allEdits(spec)) {
    const own = findOwnEdit(edits, known, nodeGroups)
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
  /** Of nodes, where it says them. */
  readonly nodeGroups: ReadonlySet<number>
  readonly folders: ReadonlySet<string>
  readonly links: ReadonlySet<string>
}

function readContent(spec: CdiSpec): Content {
  const all = allEdits(spec)
  const nodes = all.flatMap(({ deviceNodes }) => deviceNodes)
  const hooks = all.flatMap((edits) => edits.hooks)
  return {
    env: new Set(all.flatMap(({ env }) => env)),
    permissions: new Map(nodes.map(({ path, permissions }) => [path, permissions])),
    mountPlaces: new Set(all.flatMap(({ mounts }) => mounts.map(({ containerPath }) => containerPath))),
    gids: new Set(all.flatMap(({ additionalGids }) => additionalGids)),
    nodeGroups: new Set(nodes.flatMap(({ gid }) => gid ?? [])),
    folders: new Set(hooks.flatMap(foldersOf)),
    links: new Set(hooks.flatMap(linksInHook).map(({ path }) => path)),
  }
}

/** `nodeGroups`: those of the nodes beside the edits, which a generator gives together with them. */
function findOwnEdit(
  edits: ContainerEdits,
  known: Content,
  nodeGroups: ReadonlySet<number>,
): string | undefined {
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
  // Where nothing tells of groups, the engines' version may have none, or the nodes of another boot.
  const isToldOf = known.gids.size > 0 || nodeGroups.size > 0
  const gid = edits.additionalGids.find((one) => isToldOf && !known.gids.has(one) && !nodeGroups.has(one))
  if (gid !== undefined) return `the group ${gid}`
  for (const hook of edits.hooks) {
    if (hookOf(hook) === undefined || hook.hookName !== "createContainer") return `the hook ${hook.path}`
    const variable = hook.env.find((one) => !hookVariable.test(one))
    if (variable !== undefined) return `the hook's variable ${variableOf(variable)}`
    const folder = foldersOf(hook).find((one) => !known.folders.has(one) && !usualPlace.test(one))
    if (folder !== undefined) return `the directory ${folder} of libraries`
    const link = linksInHook(hook).find(({ path }) => !known.links.has(path) && !isDriverFile(path))
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
