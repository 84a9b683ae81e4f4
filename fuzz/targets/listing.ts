/** Listings of machines: whoever sends one must not choose where files are written. */

import { cleanPath } from "../../src/core/text/path.ts"
import { describeListedMachine, understandListing } from "../../src/host/simulate/listed-machine.ts"
import { parseListing } from "../../src/host/simulate/listing.ts"
import { uuidFor } from "../../src/host/simulate/write-machine.ts"
import { bytesOf, listings } from "../corpus.ts"
import { checkResult } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

/** A whole machine is dear; its middle has every kind of line. */
const excerpts = (): readonly Uint8Array[] =>
  listings().flatMap((text) => {
    const lines = text.split("\n")
    return [0, 60, 120, 180].map((start) => bytesOf(`${lines.slice(start, start + 25).join("\n")}\n`))
  })

export const listing: FuzzTarget = {
  name: "listing",
  weight: 8,
  seeds: excerpts,
  tokens: [
    "link",
    "file",
    "char",
    "sock",
    "dir",
    " -> ",
    "755 0:0 - ",
    "195:0",
    "/usr/lib/libcuda.so.550.1",
    "#",
  ],
  check: (input) =>
    checkResult(parseListing(new TextDecoder().decode(input), "x"), (entries) => {
      const paths = new Set(entries.map(({ path }) => path))
      if (paths.size !== entries.length) return "a path twice"
      const machine = understandListing(entries, {
        name: "x",
        model: undefined,
        migDevices: undefined,
        uuidFor,
      })
      for (const made of describeListedMachine(machine)) {
        if (!made.path.startsWith("/") || cleanPath(made.path) !== made.path)
          return `would write at ${made.path}`
        if (!paths.has(made.path)) return `${made.path} was not listed`
        if (made.kind === "file" && made.content.length > 1024 * 1024)
          return `${made.path}: content out of nothing`
      }
      return undefined
    }),
}
