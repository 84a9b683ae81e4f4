/**
 * Where a container ends up otherwise with our runtime wrapper than with the reference's, as rules on recorded endings, none about a single
 * record. Each stands in docs/differences.md under its title; one that changes nothing is stale, and the test says so.
 */

import type { HostSnapshot } from "../../src/core/plan/snapshot.ts"
import { companionVariable } from "../../src/core/request/companions.ts"
import { profiles } from "../../src/core/request/profile.ts"
import { splitList } from "../../src/core/text/space.ts"
import type { Catalogued, Link } from "../hosts/catalogued.ts"
import { referenceRules } from "../hosts/reference-rules.ts"
import {
  type Ending,
  type RuntimeEditVector,
  referenceEnding,
  type Served,
  sortedSet,
} from "./runtime-edit.ts"

export interface RuleContext {
  readonly vector: RuntimeEditVector
  readonly ours: Ending
  /** Every record: what the reference does in one mode says what is due in another. */
  readonly vectors: readonly RuntimeEditVector[]
  readonly snapshot: HostSnapshot
}

export interface RuntimeEditRule {
  /** As in docs/differences.md. */
  readonly title: string
  /** The reference's ending with the difference taken away. */
  readonly adopt: (reference: Ending, context: RuleContext) => Ending
}

type Change = (reference: Served, context: RuleContext) => Ending

const ofServed =
  (change: Change): RuntimeEditRule["adopt"] =>
  (reference, context) =>
    reference.kind === "served" ? change(reference, context) : reference

const variableOf = ({ input }: RuntimeEditVector, name: string): string | undefined =>
  input.process.env.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1)
const devicesOf = (vector: RuntimeEditVector): readonly string[] =>
  splitList(variableOf(vector, "NVIDIA_VISIBLE_DEVICES") ?? "")
/** The same question, in whatever order devices are named. */
const questionOf = (vector: RuntimeEditVector): string =>
  JSON.stringify({
    ...vector.input,
    process: { ...vector.input.process, env: [] },
    env: vector.input.process.env.filter((entry) => !entry.startsWith("NVIDIA_VISIBLE_DEVICES=")),
    devices: [...devicesOf(vector)].sort(),
  })

const ruleOf = (node: string, access: string): string => `allow c ${node.split(" ")[1]} ${access}`
const withNodes = (ending: Served, nodes: readonly string[]): Served => ({
  ...ending,
  nodes: [...ending.nodes, ...nodes],
  rules: [...ending.rules, ...nodes.map((node) => ruleOf(node, "rwm"))],
})

function withoutNodes(ending: Served, { input }: RuntimeEditVector, gone: (node: string) => boolean): Served {
  const nodes = ending.nodes.filter((node) => !gone(node))
  const rules = new Set(ending.nodes.filter(gone).map((node) => ruleOf(node, "rwm")))
  const given = new Set(nodes.map((node) => Number(node.split(":").at(-1))))
  const own = input.process.user.additionalGids ?? []
  return {
    ...ending,
    nodes,
    rules: ending.rules.filter((rule) => !rules.has(rule)),
    groups: ending.groups.filter((gid) => given.has(gid) || own.includes(gid)),
  }
}

const both = <T extends string | number>(one: readonly T[], other: readonly T[]): readonly T[] => [
  ...one,
  ...other,
]

/** What the reference's hook, or the program that it starts, ends with where its wrapper has nothing to say. */
const refusedByHook: ReadonlySet<string> = new Set([
  "DeviceUnknown",
  "ImexChannelMissing",
  "RequirementUnmet",
  "CapabilitiesUnsupported",
])

/** Rules on files and links that hold wherever the reference lists them. */
const ofCatalogue = (title: string): RuntimeEditRule => ({
  title,
  adopt: ofServed((reference, { ours }) => {
    const rule = referenceRules.find((one) => one.title === title)
    if (rule === undefined || ours.kind === "refused") return reference
    const { links } = rule.adopt(asCatalogue(reference), asCatalogue(ours))
    return { ...reference, links: links.map(([path, target]) => `${path} -> ${target}`) }
  }),
})

const pairOf = (text: string): Link => [
  text.split(" -> ")[0] ?? "",
  (text.split(" -> ")[1] ?? "").replace(/ \(.*$/, ""),
]
const asCatalogue = ({ mounts, links }: Served): Catalogued => ({
  mounts: mounts.map(pairOf),
  links: links.map(pairOf),
  nodes: [],
  devices: {},
})

const companionNode = /^\/dev\/(nvidia-fs|infiniband\/|gdrdrv|nvidia-nvswitch)/
const companionMount = /^(\/run\/udev|\/etc\/cufile\.json) /

export const runtimeEditRules: readonly RuntimeEditRule[] = [
  {
    title: "In every mode the wrapper does the work",
    adopt: ofServed((reference, { ours }) => {
      if (!reference.hasInjectorToCome) return reference
      if (ours.kind === "refused") return refusedByHook.has(ours.why) ? ours : reference
      // What nvidia-container-cli will give is not in the record: what the wrapper gives must be among ours.
      return {
        ...reference,
        nodes: both(reference.nodes, ours.nodes),
        rules: both(reference.rules, ours.rules),
        mounts: both(reference.mounts, ours.mounts),
        links: both(reference.links, ours.links),
        loaderFolders: both(reference.loaderFolders, ours.loaderFolders),
        hasParams: ours.hasParams,
        hasProfile: ours.hasProfile,
        hasInjectorToCome: false,
      }
    }),
  },
  {
    title: "What the hook's rules permit is no making of nodes",
    adopt: ofServed((reference, { vector }) =>
      vector.mode === "legacy"
        ? { ...reference, rules: reference.rules.map((rule) => rule.replace(/^(allow c .* rw)m$/, "$1")) }
        : reference,
    ),
  },
  {
    title: "An edit is a splice",
    adopt: (reference, { ours }) =>
      reference.kind === "refused" && reference.why.includes("json: unknown field") ? ours : reference,
  },
  {
    title: "Names of this machine's own CDI kinds need no specification",
    adopt: (reference, { vector, vectors, ours, snapshot }) => {
      if (reference.kind === "served") return reference
      const [, missing = ""] = /unresolvable CDI devices (.*?)"?$/.exec(reference.why) ?? []
      const known = new Set(["none", ...snapshot.inventory.gpus.map(({ index }) => String(index))])
      const areOwn = splitList(missing).every((name) => known.has(name.replace(/^nvidia\.com\/gpu=/, "")))
      if (missing === "" || !areOwn) return reference
      // As the reference's mode that makes the specification by itself, where that was asked the same.
      const twin = vectors.find((one) => one.mode === "jit-cdi" && questionOf(one) === questionOf(vector))
      return twin === undefined ? ours : referenceEnding(twin)
    },
  },
  {
    title: "A device that is named twice is given once",
    adopt: ofServed((reference, { vector, snapshot }) => {
      const names = devicesOf(vector)
      const twice = names.filter((name, place) => names.indexOf(name) !== place)
      const nodes = snapshot.inventory.gpus.flatMap(({ index, node }) =>
        node !== undefined && twice.includes(String(index))
          ? [`${node.path} ${node.major}:${node.minor} ${node.mode.toString(8)} ${node.uid}:${node.gid}`]
          : [],
      )
      return nodes.length === 0 ? reference : { ...withNodes(reference, nodes), hasProfile: true }
    }),
  },
  {
    title: "No device adds no variable",
    adopt: ofServed((reference) => {
      const { NVCT_EMPTY_DEVICE: _, ...env } = reference.env
      return { ...reference, env }
    }),
  },
  {
    title: "A GPU that is cut into MIG devices has no DRM nodes",
    adopt: ofServed((reference, { vector, snapshot }) => {
      const { gpus, migDevices } = snapshot.inventory
      const cut = gpus.filter(
        ({ index }) =>
          migDevices.some(({ gpuIndex }) => gpuIndex === index) && devicesOf(vector).includes(String(index)),
      )
      const drm = cut.flatMap((gpu) => gpu.drm)
      const links = new Set<string | undefined>(drm.map(({ byPath }) => byPath?.path))
      return {
        ...withoutNodes(reference, vector, (text) =>
          drm.some(({ node }) => text.startsWith(`${node.path} `)),
        ),
        links: reference.links.filter((link) => !links.has(pairOf(link)[0])),
      }
    }),
  },
  {
    title: "`NVIDIA_IMEX_CHANNELS=none` gives none",
    adopt: ofServed((reference, { vector }) =>
      variableOf(vector, "NVIDIA_IMEX_CHANNELS") === "none"
        ? withoutNodes(reference, vector, (node) => node.startsWith("/dev/nvidia-caps-imex-channels/"))
        : reference,
    ),
  },
  {
    title: "Variables that enable something beside GPUs count in every mode",
    adopt: ofServed((reference, { vector, vectors }) => {
      if (vector.mode !== "cdi") return reference
      return profiles["1.20"].companions.map(companionVariable).reduce((ending: Served, name) => {
        if (variableOf(vector, name) !== "enabled") return ending
        const donors = vectors
          .filter((one) => one.mode !== "cdi" && variableOf(one, name) === "enabled")
          .map(referenceEnding)
          .flatMap((one) => (one.kind === "served" ? [one] : []))
        const mounts = donors.flatMap((one) => one.mounts.filter((mount) => companionMount.test(mount)))
        return {
          ...withNodes(
            ending,
            donors.flatMap((one) => one.nodes.filter((node) => companionNode.test(node))),
          ),
          mounts: both(ending.mounts, mounts),
        }
      }, reference)
    }),
  },
  {
    title: "Variables that enable something beside GPUs never take the GPUs away",
    adopt: ofServed((reference, { vector }) => {
      const name = "NVIDIA_VISIBLE_DEVICES"
      const asked = variableOf(vector, name)
      return vector.mode !== "legacy" || asked === undefined
        ? reference
        : { ...reference, env: { ...reference.env, [name]: asked } }
    }),
  },
  {
    title: "A node belongs to whom it belongs on the machine",
    adopt: ofServed((reference, { vector }) => {
      const { uid, gid } = vector.input.process.user
      return {
        ...reference,
        nodes: reference.nodes.map((node) => {
          const [path, number, mode, owner = ""] = node.split(" ")
          const [user, group] = owner.split(":").map(Number)
          return `${path} ${number} ${mode} ${user === uid ? 0 : user}:${group === gid ? 0 : group}`
        }),
      }
    }),
  },
  ofCatalogue("A link of the machine is given as it stands there"),
  ofCatalogue("Every library has the link of its SONAME"),
]

const sortEnding = (ending: Ending): Ending =>
  ending.kind === "refused"
    ? ending
    : {
        ...ending,
        nodes: sortedSet(ending.nodes),
        rules: sortedSet(ending.rules),
        mounts: sortedSet(ending.mounts),
        groups: sortedSet(ending.groups),
        links: sortedSet(ending.links),
        loaderFolders: sortedSet(ending.loaderFolders),
      }

/** The reference's ending after every rule; `note` is told which rules changed it. */
export function adoptRuntimeRules(context: RuleContext, note: (title: string) => void): Ending {
  let ending = sortEnding(referenceEnding(context.vector))
  for (const { title, adopt } of runtimeEditRules) {
    const next = sortEnding(adopt(ending, context))
    if (!Bun.deepEquals(next, ending)) note(title)
    ending = next
  }
  return ending
}
