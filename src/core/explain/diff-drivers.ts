/**
 * What two machines' drivers do not have in common. A file is the same when its kind, class and name are, with `VERSION` in the place of
 * the driver's: neither an upgrade's numbers nor another distribution's directories hide what is new and what is lost.
 */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import { counted } from "../text/counted.ts"
import { escapeControl } from "../text/escape.ts"
import { baseName, parentPath } from "../text/path.ts"
import { type DriverFileRow, listDriverFiles } from "./render-driver-files.ts"

export interface DriverDifference {
  /** Places inside the driver root. Order: alphabetical. */
  readonly onlyOne: readonly string[]
  readonly onlyOther: readonly string[]
  /** Files of the same name that lie in another directory, counted. Order: alphabetical. */
  readonly moved: readonly { readonly from: string; readonly to: string; readonly files: number }[]
  /** `path` is the one's. */
  readonly changed: readonly { readonly path: string; readonly what: string }[]
}

interface Named {
  readonly row: DriverFileRow
  /** The place inside the driver root, without the driver's version. */
  readonly place: string
  readonly name: string
}

const listNamed = (driver: DriverCatalogue): readonly Named[] =>
  listDriverFiles(driver).map((row) => {
    const place = row.rootPath.replaceAll(driver.version, "VERSION")
    return { row, place, name: `${row.kind} ${row.bits ?? ""} ${baseName(place)}` }
  })

export function diffDrivers(one: DriverCatalogue, other: DriverCatalogue): DriverDifference {
  const others = listNamed(other)
  const untaken = new Set(others)
  const twins = new Map<Named, Named>()
  const take = (ones: readonly Named[], key: (named: Named) => string): void => {
    const byKey = Map.groupBy([...untaken], key)
    for (const named of ones) {
      const twin = byKey.get(key(named))?.shift()
      if (twin === undefined) continue
      twins.set(named, twin)
      untaken.delete(twin)
    }
  }
  const ones = listNamed(one)
  // Of files that lie in two directories each is compared with the one in its own place.
  take(ones, ({ name, place }) => `${name} ${place}`)
  take(
    ones.filter((named) => !twins.has(named)),
    ({ name }) => name,
  )
  return {
    onlyOne: placesOf(ones.filter((named) => !twins.has(named))),
    onlyOther: placesOf(others.filter((named) => untaken.has(named))),
    moved: countMoves(twins),
    changed: [...twins].flatMap(([before, after]) =>
      describeChange(before, after, one.version, other.version),
    ),
  }
}

const placesOf = (files: readonly Named[]): readonly string[] =>
  files.map(({ place, row }) => `${place}${row.bits === 32 ? " (32 bits)" : ""}`).sort()

function countMoves(twins: ReadonlyMap<Named, Named>): DriverDifference["moved"] {
  const moves = [...twins]
    .map(([{ place }, twin]) => ({ from: parentPath(place), to: parentPath(twin.place) }))
    .filter(({ from, to }) => from !== to)
  return [...Map.groupBy(moves, ({ from, to }) => `${from} ${to}`)]
    .sort(([before], [after]) => (before < after ? -1 : 1))
    .flatMap(([, same]) => same.slice(0, 1).map((move) => ({ ...move, files: same.length })))
}

function describeChange(
  { place, row }: Named,
  { row: twin }: Named,
  version: string,
  otherVersion: string,
): DriverDifference["changed"] {
  const properties: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ["capabilities", row.capabilities.join(" "), twin.capabilities.join(" ")],
    ["soname", row.soname?.replaceAll(version, "VERSION"), twin.soname?.replaceAll(otherVersion, "VERSION")],
    ["needs glibc", row.glibc, twin.glibc],
  ]
  return properties
    .filter(([, before, after]) => before !== after)
    .map(([name, before, after]) => ({
      path: place,
      what: `${name}: ${before || "none"} → ${after || "none"}`,
    }))
}

export function renderDriverDiff(names: readonly [string, string], difference: DriverDifference): string {
  const { onlyOne, onlyOther, moved, changed } = difference
  if (onlyOne.length + onlyOther.length + moved.length + changed.length === 0)
    return "no difference but the version\n"
  return `${[
    ...onlyOne.map((path) => `- ${path}`),
    ...onlyOther.map((path) => `+ ${path}`),
    ...moved.map(({ from, to, files }) => `> ${from} → ${to}: ${counted(files, "file")}`),
    ...changed.map(({ path, what }) => `~ ${path}: ${what}`),
    "",
    `- only in ${names[0]}, + only in ${names[1]}, > in another directory, ~ changed`,
  ]
    .map(escapeControl)
    .join("\n")}\n`
}
