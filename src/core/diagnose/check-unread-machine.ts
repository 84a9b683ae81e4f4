/**
 * What of the machine could not be read: a denied look, a failing disk, no descriptors. What is told of its GPUs and its driver is told
 * without it, and what lies there is not gone.
 */

import type { Finding } from "../fault/finding.ts"
import { isUnread } from "../fault/may-pass.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import type { CdiSubject, CdiUses } from "./cdi-subject.ts"

/** Of what was found, what could not be read. */
export const unreadAmong = (findings: readonly Finding[]): readonly Finding[] =>
  findings
    .filter((one) => isUnread(one.fault))
    // A start needs it. Here nothing follows from it.
    .map((one) => ({ ...one, severity: "warning" }))

/** Order: as looked at. */
export const unreadFindings = ({ inventory, driver }: HostSnapshot): readonly Finding[] =>
  unreadAmong([...inventory.findings, ...(driver?.findings ?? [])])

/** Order: as looked at. */
export const unreadPlaces = (snapshot: HostSnapshot): readonly string[] =>
  unreadFindings(snapshot).flatMap(({ fault }) => placeOf(fault) ?? [])

const placeOf = (one: Finding["fault"]): string | undefined => (isUnread(one) ? one.data.path : undefined)

/** Of a machine whose GPUs a specification gives, each place once. `told`: what is told already, of a place as the specification names it. */
export function checkUnreadMachine(
  { snapshot }: Pick<CdiSubject, "snapshot">,
  { nodes }: Pick<CdiUses, "nodes">,
  told: readonly Finding[],
): readonly Finding[] {
  if (!nodes.some(({ item }) => item.path.startsWith("/dev/nvidia"))) return []
  const known = new Set(told.map(({ fault }) => placeOf(fault)))
  return unreadFindings(snapshot).filter(({ fault }) => {
    const place = placeOf(fault)
    const isNew = !known.has(place)
    known.add(place)
    return isNew
  })
}
