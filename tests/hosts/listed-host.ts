/** A machine of hosts/ as its listing tells it, which answers every question: a recording knows only what was asked when it was made. */

import { readFileSync } from "node:fs"
import type { Host } from "../../src/core/host/host.ts"
import { createMemoryHost, type MemoryEntry } from "../../src/host/memory.ts"
import { describeListedMachine, understandListing } from "../../src/host/simulate/listed-machine.ts"
import { parseListing } from "../../src/host/simulate/listing.ts"
import type { Made } from "../../src/host/simulate/made.ts"
import { uuidFor } from "../../src/host/simulate/write-machine.ts"
import { hostFile, readRecording } from "./recorded-host.ts"

/** `count`: how often the machine's one GPU stands in it. */
export function openListed(name: string, count = 1): Host {
  const text = readFileSync(hostFile(name, "listing.txt"), "utf8")
  const entries = parseListing(count === 1 ? text : multiply(text, count), name)
  if (!entries.ok) throw new Error(`${name}: ${entries.fault.tag}`)
  const machine = understandListing(entries.value, {
    name,
    model: undefined,
    migDevices: undefined,
    uuidFor,
  })
  const tree = Object.fromEntries(describeListedMachine(machine).map((one) => [one.path, entryOf(one)]))
  const host = createMemoryHost(tree, name)
  const told = readRecording(name).answers["readNvml /"]
  return told !== undefined && "value" in told
    ? createMemoryHost(tree, name, told.value as Parameters<typeof createMemoryHost>[2])
    : host
}

function entryOf(made: Made): MemoryEntry {
  switch (made.kind) {
    case "node":
      return { ...made, kind: "character" }
    case "file":
      return made
    default:
      return made
  }
}

/** Lines of the one GPU, again for each that follows: the next address of the bus, the next numbers of its nodes. */
function multiply(text: string, count: number): string {
  const own = /0000:10:00\.0|\/dev\/nvidia0$|\/dri\/(card1|renderD128)$/
  const lines = text.split("\n")
  const copies = Array.from({ length: count - 1 }, (_, index) => index + 1).flatMap((number) =>
    lines
      .filter((line) => own.test(line))
      .map((line) =>
        line
          .replaceAll("0000:10:00.0", `0000:${(16 + number).toString(16)}:00.0`)
          .replaceAll("renderD128", `renderD${128 + number}`)
          .replaceAll(/card1\b/g, `card${1 + number}`)
          .replace("226:128", `226:${128 + number}`)
          .replace("226:1 ", `226:${1 + number} `)
          .replace("195:0 /dev/nvidia0", `195:${number} /dev/nvidia${number}`),
      ),
  )
  return [...lines, ...copies].join("\n")
}
