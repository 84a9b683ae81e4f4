/** Where a fault stands, for who shows it there: an editor, a CI's annotation. */

import type { CdiPlace } from "./cdi-place.ts"
import type { Fault } from "./fault.ts"

/** undefined: in no specification's text, as of a file that cannot be read or is empty. */
export const placeOf = ({ data }: Fault): CdiPlace | undefined =>
  "place" in data && typeof data.place === "object" ? data.place : undefined
