/** Takes out of a plan what somebody does not want, though the request brings it. What is taken out is an omission. */

import type { Withheld } from "../request/cli-configure.ts"
import type { Edit } from "./edit.ts"
import type { Plan } from "./plan.ts"

export function withhold(plan: Plan, withheld: readonly Withheld[]): Plan {
  const left = plan.edits.map((edit) => ({ edit, what: withheld.find((one) => isOf[one](edit)) }))
  return {
    ...plan,
    edits: left.flatMap(({ edit, what }) => (what === undefined ? [edit] : [])),
    omissions: [
      ...plan.omissions,
      ...left.flatMap(({ edit, what }) =>
        what === undefined ? [] : [{ what: placeOf(edit), reasons: [`withheld.${what}`] }],
      ),
    ],
  }
}

/** Where a node, or something that is mounted, would be in the container; empty: it is neither. */
const placeOf = (edit: Edit): string =>
  edit.kind === "mount" ? edit.containerPath : edit.kind === "deviceNode" ? edit.path : ""

/** Permission for a node is not the node. */
const isOf: { readonly [W in Withheld]: (edit: Edit) => boolean } = {
  deviceNodes: (edit) => placeOf(edit).startsWith("/dev/"),
  persistenced: (edit) => placeOf(edit).endsWith("/nvidia-persistenced/socket"),
  fabricmanager: (edit) => placeOf(edit).endsWith("/nvidia-fabricmanager/socket"),
  firmware: (edit) => placeOf(edit).startsWith("/lib/firmware/"),
}
