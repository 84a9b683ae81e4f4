/**
 * Where Gantry gives a container something else than the reference does, as rules on whole answers, none about a single machine.
 * Each stands in docs/differences.md under its title. A rule that changes nothing anywhere is stale, and the test says so.
 */

import { joinPath, parentPath } from "../../src/core/text/path.ts"
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

/** The libraries that carry it have their links from the reference as well. */
const driverVersionIn = ({ mounts }: Catalogued): string | undefined =>
  mounts.flatMap(([path]) => /\/libcuda\.so\.(\d+\.[\d.]+)$/.exec(path)?.[1] ?? [])[0]

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
    adopt: (reference, ours) => {
      const version = driverVersionIn(reference)
      return {
        ...reference,
        links: [
          ...reference.links,
          ...ours.links.filter(
            ([path, target]) =>
              version !== undefined &&
              /\.so\.\d+$/.test(path) &&
              !target.endsWith(`.so.${version}`) &&
              reference.mounts.some(([, to]) => to === targetOf([path, target])) &&
              !reference.links.some(([other]) => other === path),
          ),
        ],
      }
    },
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
