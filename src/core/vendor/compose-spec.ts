/**
 * From named devices to a CDI specification that gives each container the nodes of the devices it asks for and nothing else. A node's number,
 * owner and mode are left to the engine, which asks the machine at every start: numbers drift, and a container's user then owns the node.
 * Source: CDI specification 1.1.0.
 */

import { withLowestVersion } from "../cdi/rules/raise-version.ts"
import { type CdiDevice, type CdiSpec, type ContainerEdits, type DeviceNode, noEdits } from "../cdi/spec.ts"
import type { Finding } from "../fault/finding.ts"
import type { DrmNode, NodeFact } from "../inventory/inventory.ts"
import { depthOf } from "../text/path-depth.ts"

export interface VendorSpecOptions {
  /**
   * Also the groups that may open the nodes, for containers in which nodes keep the machine's owner. false: for engines that know no CDI
   * version above 0.6.0.
   */
  readonly hasGroups: boolean
}

export interface GeneratedVendorSpec {
  readonly spec: CdiSpec
  /** What is wrong with the vendor's GPUs. */
  readonly findings: readonly Finding[]
}

/** A node of the machine, under its own path or another in the container. */
export interface GivenNode {
  readonly path: string
  readonly node: NodeFact
}

export interface NamedNodes {
  readonly name: string
  readonly nodes: readonly GivenNode[]
}

export const given = (node: NodeFact): GivenNode => ({ path: node.path, node })

/** A second node in the place of the link that names the PCI address: a specification has no links, and hooks cost a process each. */
export const givenByPath = ({ node, byPath }: DrmNode): readonly GivenNode[] =>
  byPath === undefined ? [] : [{ path: byPath.path, node }]

/** Order: devices by name, `all` among them; nodes by path. The version is the lowest that can say it. */
export function composeSpec(
  kind: string,
  devices: readonly NamedNodes[],
  options: VendorSpecOptions,
): CdiSpec {
  const all: NamedNodes = { name: "all", nodes: devices.flatMap(({ nodes }) => nodes) }
  return withLowestVersion({
    kind,
    annotations: new Map(),
    devices: [...devices, all]
      .map(
        ({ name, nodes }): CdiDevice => ({
          name,
          annotations: new Map(),
          containerEdits: giveNodes(nodes, options),
        }),
      )
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
    containerEdits: noEdits,
  })
}

const giveNodes = (nodes: readonly GivenNode[], { hasGroups }: VendorSpecOptions): ContainerEdits => ({
  ...noEdits,
  deviceNodes: [...new Map(nodes.map((one) => [one.path, one])).values()]
    .sort((one, other) => depthOf(one.path) - depthOf(other.path) || (one.path < other.path ? -1 : 1))
    .map(giveNode),
  additionalGids: hasGroups ? groupsOf(nodes) : [],
})

/** Read and write; making nodes is nobody's right. */
const giveNode = ({ path, node }: GivenNode): DeviceNode => ({
  path,
  hostPath: node.path === path ? "" : node.path,
  type: "",
  major: 0,
  minor: 0,
  fileMode: undefined,
  permissions: "rw",
  uid: undefined,
  gid: undefined,
})

const forEverybody = 0o006
const forGroup = 0o060

/** Groups that may open what not everybody may. Order: by number. */
const groupsOf = (nodes: readonly GivenNode[]): readonly number[] =>
  [
    ...new Set(
      nodes.flatMap(({ node: { mode, gid } }) =>
        gid !== 0 && (mode & forEverybody) !== forEverybody && (mode & forGroup) === forGroup ? [gid] : [],
      ),
    ),
  ].sort((one, other) => one - other)
