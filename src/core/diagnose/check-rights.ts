/** Whether the engine's user can reach what specifications give. */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { type Access, closedAt, userTitle } from "./access.ts"
import { type CdiSubject, found, otherPlaces, placeOf, type Uses } from "./cdi-subject.ts"

interface Wanted {
  /** As specifications name it. */
  readonly path: string
  /** The same without links. */
  readonly resolved: string
  readonly access: readonly Access[]
  /** Where in its entry a specification names it; undefined: the entry itself. */
  readonly field: string | undefined
}

export function checkRights<T>(
  { view, user }: CdiSubject,
  uses: Uses<T>,
  { path, resolved, access, field }: Wanted,
): readonly Finding[] {
  const closed = closedAt(view, resolved, user, access)
  if (closed === undefined) return []
  return [
    found(
      "warning",
      fault("CdiPathForbidden", {
        place: placeOf(uses[0], field),
        path,
        user: userTitle(user),
        closed,
        access: access.join(" and "),
      }),
      ...otherPlaces(uses, field),
    ),
  ]
}
