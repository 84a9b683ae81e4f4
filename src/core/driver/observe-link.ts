/** A link of the driver's as it stands on a machine. */

import type { RootView } from "../host/root-view.ts"
import { hostPath } from "../text/brand.ts"
import type { FileLink } from "./catalogue.ts"

/** One, or none where there is no link. */
export function observeLink(view: RootView, path: string): readonly FileLink[] {
  const target = view.readLink(path)
  return target.ok ? [{ path: hostPath(path), target: target.value }] : []
}
