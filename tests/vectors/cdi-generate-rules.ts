/**
 * Where our specifications give a device something else than the reference's, as rules on what it ends up with, none about a single machine.
 * Each stands in docs/differences.md under its title; one that changes nothing is stale, and the test says so.
 */

import type { HostSnapshot } from "../../src/core/plan/snapshot.ts"
import type { Catalogued, Link } from "../hosts/catalogued.ts"
import { referenceRules } from "../hosts/reference-rules.ts"
import type { CdiGenerateVector, Given } from "./cdi-generate.ts"

export interface CdiGenerateRule {
  /** As in docs/differences.md. */
  readonly title: string
  /** What the reference gives, with the difference taken away; ours is what it is compared with. */
  readonly adopt?: (reference: Given, ours: Given, snapshot: HostSnapshot) => Given
  /** Where one of the two ends with a refusal: whether this is why. */
  readonly explains?: (vector: CdiGenerateVector, snapshot: HostSnapshot) => boolean
}

const linkOf = (text: string): Link => text.split(" -> ") as unknown as Link
const asCatalogue = ({ mounts, links }: Given): Catalogued => ({
  mounts: mounts.map((mount) => linkOf(mount.replace(/ \(.*$/, ""))),
  links: links.map(linkOf),
  nodes: [],
  devices: {},
})

/** A rule on files and links holds wherever the reference lists them. */
const ofCatalogue = (title: string): CdiGenerateRule => ({
  title,
  adopt: (reference, ours) => {
    const rule = referenceRules.find((one) => one.title === title)
    if (rule === undefined) throw new Error(`no rule ${title}`)
    const { links } = rule.adopt(asCatalogue(reference), asCatalogue(ours))
    return { ...reference, links: links.map(([path, target]) => `${path} -> ${target}`) }
  },
})

export const cdiGenerateRules: readonly CdiGenerateRule[] = [
  ofCatalogue("A link of the machine is given as it stands there"),
  ofCatalogue("Every library has the link of its SONAME"),
  {
    title: "No place in a container is named after the driver's root",
    adopt: (reference) => ({
      ...reference,
      links: reference.links.map((link) => link.replace(/^.*(?=\/dev\/dri\/by-path\/)/, "")),
    }),
  },
  {
    title: "A GPU that is cut into MIG devices has no DRM nodes",
    adopt(reference, ours, { inventory }) {
      const cut = inventory.gpus.filter(({ index }) =>
        inventory.migDevices.some(({ gpuIndex }) => gpuIndex === index),
      )
      const gone = cut.flatMap(({ drm }) => drm).filter(({ node }) => !hasNode(ours, node.path))
      const nodes = reference.nodes.filter(
        (text) => !gone.some(({ node }) => text.startsWith(`${node.path} `)),
      )
      const links = gone.flatMap(({ byPath }) => byPath?.path ?? [])
      return {
        ...reference,
        nodes,
        groups: reference.groups.filter((gid) => nodes.some((node) => node.endsWith(`:${gid}`))),
        links: reference.links.filter((link) => !links.some((path) => link.startsWith(`${path} `))),
      }
    },
  },
  {
    title: "Sockets, and GPUDirect Storage's files, are the machine's",
    adopt: (reference, _, { driver }) => ({
      ...reference,
      mounts: reference.mounts.filter(
        (mount) =>
          !/ -> \/(etc\/cufile\.json|run\/udev) /.test(mount) || !mount.startsWith(`${driver?.driverRoot}/`),
      ),
    }),
  },
  {
    title: "A hook without work is left out",
    adopt: (reference) => ({
      ...reference,
      hooks: reference.hooks.filter((hook) => hook !== "chmod --mode 755"),
    }),
  },
  {
    title: "A device that is named twice is given once",
    explains: ({ stderr }) => stderr.includes("multiple device"),
  },
  {
    title: "A device may be named as in all of Gantry",
    explains: ({ args, stderr }) =>
      args.some((arg) => /^--device-id=(.*,)?0\d/.test(arg)) && /IMEX channel 0\d+ not found/.test(stderr),
  },
  {
    title: "A driver root is a clean, absolute path",
    adopt: (reference) => ({
      ...reference,
      env: reference.env.map((entry) => entry.replace(/^(NVIDIA_CTK_LIBCUDA_DIR=)(?=[^/])/, "$1/")),
    }),
  },
]

const hasNode = ({ nodes }: Given, path: string): boolean => nodes.some((node) => node.startsWith(`${path} `))

/** What the reference gives after every rule; `note` is told which rules changed it. */
export function adoptGenerateRules(
  reference: Given,
  ours: Given,
  snapshot: HostSnapshot,
  note: (title: string) => void,
): Given {
  let given = reference
  for (const { title, adopt } of cdiGenerateRules) {
    if (adopt === undefined) continue
    const adopted = adopt(given, ours, snapshot)
    const next = { ...adopted, links: [...new Set(adopted.links)].sort() }
    if (!Bun.deepEquals(next, given)) note(title)
    given = next
  }
  return given
}
