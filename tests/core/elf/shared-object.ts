/** Shared objects to try: any that can be written, and one that has everything. */

import fc from "fast-check"
import type { SharedObject } from "../../../src/core/elf/render-elf.ts"

const name = fc.stringMatching(/^lib[a-z_-]{1,12}\.so(\.[0-9]{1,3}){0,3}$/)
const word = fc.nat(0xffff)

export const object: fc.Arbitrary<SharedObject> = fc.record(
  {
    machine: fc.constantFrom("x86-64" as const, "aarch64" as const, "i386" as const),
    soname: name,
    needed: fc.array(name, { maxLength: 6 }),
    symbol: fc.stringMatching(/^[a-z_]{1,20}$/),
    answer: fc.integer(),
    abi: fc.record({
      os: fc.constantFrom("linux" as const, "hurd" as const, "freebsd" as const, "other" as const),
      version: fc.tuple(word, word, word),
    }),
    neededVersions: fc.array(
      fc.record({
        file: name,
        versions: fc.array(fc.stringMatching(/^GLIBC_[0-9]\.[0-9]{1,2}$/), { minLength: 1, maxLength: 5 }),
      }),
      { maxLength: 4 },
    ),
  },
  { requiredKeys: ["machine", "soname", "needed", "symbol", "answer"] },
)

export const example: SharedObject = {
  machine: "x86-64",
  soname: "libx.so.1",
  needed: ["libc.so.6", "liby.so"],
  symbol: "x",
  answer: 1,
  abi: { os: "linux", version: [3, 2, 0] },
  neededVersions: [{ file: "libc.so.6", versions: ["GLIBC_2.17", "GLIBC_2.2.5"] }],
}
