/** Edits of all parts in the order of kinds; of two for one target the first stays. */

import { type Edit, editOrder } from "./edit.ts"

/** Stable within a kind. */
export function arrangeEdits(edits: readonly Edit[]): readonly Edit[] {
  const byTarget = new Map<string, Edit>()
  for (const edit of edits) {
    const target = targetOf(edit)
    if (!byTarget.has(target)) byTarget.set(target, edit)
  }
  const ofKind = Object.groupBy(byTarget.values(), ({ kind }) => kind)
  return editOrder.flatMap((kind) => ofKind[kind] ?? [])
}

function targetOf(edit: Edit): string {
  switch (edit.kind) {
    case "cgroupRule":
      return `rule ${edit.major}:${edit.minor}`
    case "mount":
      return edit.containerPath
    case "cover":
      return `cover ${edit.path}`
    case "env":
      return `variable ${edit.name}`
    case "gid":
      return `group ${edit.gid}`
    case "cdiDevice":
      return `device ${edit.name}`
    default:
      return edit.path
  }
}
