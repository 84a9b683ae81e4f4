/**
 * Where Gantry gives a container something else than the reference does, as rules on whole answers, none about a single machine.
 * Each stands in docs/differences.md under its title. A rule that changes nothing anywhere is stale, and the test says so.
 */

import { baseName, joinPath, parentPath } from "../../src/core/text/path.ts"
import { type Catalogued, type Given, type Link, sortGiven } from "./catalogued.ts"

export interface ReferenceRule {
  /** As in docs/differences.md. */
  readonly title: string
  /** The reference's answer with the difference taken away; ours is what it is compared with. */
  readonly adopt: (reference: Catalogued, ours: Catalogued) => Catalogued
}

const mapDevices = (answer: Catalogued, change: (given: Given) => Given): Catalogued => ({
  ...answer,
  devices: Object.fromEntries(Object.entries(answer.devices).map(([name, given]) => [name, change(given)])),
})

const targetOf = ([path, target]: Link): string =>
  target.startsWith("/") ? target : joinPath(parentPath(path), target)

export const referenceRules: readonly ReferenceRule[] = [
  {
    title: "A link of the machine is given as it stands there",
    adopt: (reference, ours) => {
      const standing = new Map(ours.links)
      const leadsTo = (link: Link): string | undefined => {
        const next = ours.links.find(([path]) => path === targetOf(link))
        return next === undefined ? targetOf(link) : targetOf(next)
      }
      return {
        ...reference,
        // The same file at the end, over another link or straight.
        links: reference.links.map(([path, target]): Link => {
          const own = standing.get(path)
          return own !== undefined && leadsTo([path, own]) === leadsTo([path, target])
            ? [path, own]
            : [path, target]
        }),
      }
    },
  },
  {
    title: "Every library has the link of its SONAME",
    adopt: (reference, ours) => ({
      ...reference,
      links: [
        ...reference.links,
        ...ours.links.filter(
          ([path, target]) =>
            /\.so\.\d+$/.test(path) &&
            reference.mounts.some(([, to]) => to === targetOf([path, target])) &&
            !reference.links.some(([other]) => other === path),
        ),
      ],
    }),
  },
  {
    title: "No place in a container is named after the driver's root",
    adopt: (reference) =>
      mapDevices(reference, ({ nodes, links }) => ({
        nodes,
        links: links.map(
          ([path, target]): Link => [path.replace(/^.*(?=\/dev\/dri\/by-path\/)/, ""), target],
        ),
      })),
  },
  {
    title: "A GPU's index is its place on the bus",
    adopt: (reference) => {
      const isMinor = (path: string): boolean => /^\/dev\/nvidia\d+$/.test(path)
      const isMig = Object.keys(reference.devices).some((name) => name.includes(":"))
      if (isMig) return reference
      const byPlace = Object.values(reference.devices).sort((one, other) =>
        addressOf(one) < addressOf(other) ? -1 : 1,
      )
      const isPlaced = byPlace.every((given) => given.nodes.some(isMinor) && addressOf(given) !== "")
      return isPlaced ? { ...reference, devices: Object.fromEntries(byPlace.entries()) } : reference
    },
  },
]

/** The reference's answer after every rule; `note` is told which rules changed it. */
export function adoptRules(
  reference: Catalogued,
  ours: Catalogued,
  note: (title: string) => void = () => undefined,
): Catalogued {
  let answer = sortGiven(reference)
  for (const { title, adopt } of referenceRules) {
    const next = sortGiven(adopt(answer, ours))
    if (!Bun.deepEquals(next, answer)) note(title)
    answer = next
  }
  return answer
}

/** Where a GPU sits on the bus, by the name of a link to its DRM nodes; empty: nothing tells. */
const addressOf = ({ links }: Given): string =>
  links.map(([path]) => /^pci-(.*)-\w+$/.exec(baseName(path))?.[1] ?? "").sort()[0] ?? ""
