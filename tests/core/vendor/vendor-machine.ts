/** Machines with GPUs of AMD and Intel, in memory: as `gantry simulate up --amd --intel` makes them, changed to order. */

import type { Host } from "../../../src/core/host/host.ts"
import type { AmdInventory, AmdPartition } from "../../../src/core/vendor/amd/inventory.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import {
  describeVendorGpus,
  parseAmdOrder,
  parseIntelOrder,
} from "../../../src/host/simulate/vendor-machine.ts"
import { uuidFor } from "../../../src/host/simulate/write-machine.ts"

export type Tree = Record<string, MemoryTree[string]>

export interface VendorMachine {
  /** As the command takes them: `mi300x:2:cpx`. */
  readonly amd?: readonly string[]
  readonly intel?: readonly string[]
  /** DRM devices of other vendors. */
  readonly drmBefore?: number
  readonly change?: (tree: Tree) => void
}

const parsed = <T>(parse: (order: string) => T | string, orders: readonly string[]): readonly T[] =>
  orders.map((order) => {
    const one = parse(order)
    if (typeof one === "string") throw new Error(`${order}: ${one}`)
    return one
  })

export function vendorTree({ amd = [], intel = [], drmBefore = 0, change }: VendorMachine): Tree {
  const tree: Tree = {}
  const made = describeVendorGpus({
    amd: parsed(parseAmdOrder, amd),
    intel: parsed(parseIntelOrder, intel),
    drmBefore,
    uniqueIdFor: (name) => uuidFor(name).replaceAll("-", "").slice(0, 16),
  })
  for (const one of made) {
    if (one.kind === "file") tree[one.path] = { kind: "file", content: one.content, mode: one.mode }
    else if (one.kind === "symlink") tree[one.path] = { kind: "symlink", target: one.target }
    else if (one.kind === "node") tree[one.path] = { ...one, kind: "character" }
    else tree[one.path] = { kind: one.kind, mode: one.mode }
  }
  change?.(tree)
  return tree
}

export const vendorMachine = (options: VendorMachine): Host => createMemoryHost(vendorTree(options))

/** The text of a file, changed. */
export function rewrite(tree: Tree, path: string, edit: (text: string) => string): void {
  const entry = tree[path]
  if (entry?.kind !== "file") throw new Error(path)
  const { content } = entry
  const text = typeof content === "string" ? content : new TextDecoder().decode(content)
  tree[path] = { ...entry, content: edit(text) }
}

/** Everything at and below a path. */
export function remove(tree: Tree, path: string): void {
  const found = Object.keys(tree).filter((one) => one === path || one.startsWith(`${path}/`))
  if (found.length === 0) throw new Error(path)
  for (const one of found) delete tree[one]
}

export const tagsOf = ({ findings }: Pick<AmdInventory, "findings">): readonly string[] =>
  findings.map(({ severity, fault }) => `${severity} ${fault.tag}`)

export const pathsOf = ({ nodes }: Pick<AmdPartition, "nodes">): readonly string[] =>
  nodes.map(({ node }) => node.path)
