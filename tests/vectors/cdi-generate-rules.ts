/**
 * Where our specifications give a device something else than the reference's, as rules on what it ends up with, none about a single machine.
 * Each stands in docs/differences.md under its title; one that changes nothing is stale, and the test says so.
 */

import type { Catalogued, Link } from "../hosts/catalogued.ts"
import { referenceRules } from "../hosts/reference-rules.ts"
import type { Given } from "./cdi-generate.ts"

export interface CdiGenerateRule {
  /** As in docs/differences.md. */
  readonly title: string
  /** What the reference gives, with the difference taken away; ours is what it is compared with. */
  readonly adopt: (reference: Given, ours: Given) => Given
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
]

/** What the reference gives after every rule; `note` is told which rules changed it. */
export function adoptGenerateRules(reference: Given, ours: Given, note: (title: string) => void): Given {
  let given = reference
  for (const { title, adopt } of cdiGenerateRules) {
    const adopted = adopt(given, ours)
    const next = { ...adopted, links: [...new Set(adopted.links)].sort() }
    if (!Bun.deepEquals(next, given)) note(title)
    given = next
  }
  return given
}
