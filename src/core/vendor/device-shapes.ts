/**
 * Shapes of the names that devices of a vendor's may have, also of parts that a machine has none of now: generate-amd-spec.ts, generate-intel-spec.ts,
 * intel/card-names.ts.
 */

import { shapeOfName } from "../cdi/rules/name-shape.ts"
import type { VendorName } from "./vendor-names.ts"

/** As shapeOfName gives them. */
export const deviceShapes: { readonly [V in VendorName]: ReadonlySet<string> } = {
  amd: new Set(["7", "0000:05:00.0", "0000:05:00.0:3", "0x56fcfe50ea9aa7c6", "all"].map(shapeOfName)),
  intel: new Set(["7", "0000:03:00.0", "0000-03-00-0-0x56c0", "card1", "all"].map(shapeOfName)),
}
