/** Texts for properties. */

import fc from "fast-check"

/** Any character that UTF-8 has. fast-check's own unit of that name, "binary", lists them all first, which takes a second. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10f7ff })
  .map((rank) => String.fromCodePoint(rank < 0xd800 ? rank : rank + 0x800))
