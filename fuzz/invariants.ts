/** What must hold of whatever a parser or an observer answers. Each gives a sentence when it does not, undefined when it does. */

import type { Fault } from "../src/core/fault/fault.ts"
import { renderFaultLine } from "../src/core/fault/render.ts"
import { faultJson } from "../src/core/fault/render-json.ts"
import type { Result } from "../src/core/fault/result.ts"
import type { HostSnapshot } from "../src/core/plan/snapshot.ts"
import { cleanPath } from "../src/core/text/path.ts"

/** The first sentence of several. */
export const firstOf = (...problems: readonly (string | undefined)[]): string | undefined =>
  problems.find((problem) => problem !== undefined)

/** Six hundred and four hundred characters, each told by six at most, and a code. */
const lineLimit = 6100

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be printed
const control = /[\u0000-\u001f\u007f-\u009f]/

/** A fault is told in one line that a terminal can show, and as JSON. */
export function checkFault(fault: Fault): string | undefined {
  const line = renderFaultLine(fault)
  if (control.test(line)) return `the line of ${fault.tag} has a control character`
  if (line.length > lineLimit) return `the line of ${fault.tag} has ${line.length} characters`
  JSON.stringify(faultJson(fault))
  return undefined
}

/** A Result is a value or a fault that can be told. */
export function checkResult<T>(
  result: Result<T>,
  check: (value: T) => string | undefined,
): string | undefined {
  return result.ok ? check(result.value) : checkFault(result.fault)
}

const isInside = (path: string, root: string): boolean =>
  path.startsWith("/") &&
  cleanPath(path) === path &&
  (root === "/" || path === root || path.startsWith(`${root}/`))

/** No path that a snapshot names leads out of its root, every number is one, and every finding can be told. */
export function checkSnapshot(snapshot: HostSnapshot): string | undefined {
  const { inventory, driver } = snapshot
  for (const { fault } of [...inventory.findings, ...(driver?.findings ?? [])]) {
    const problem = checkFault(fault)
    if (problem !== undefined) return problem
  }
  if (driver !== undefined) {
    const files = [...driver.libraries, ...driver.binaries, ...driver.configurations, ...driver.modules]
    for (const { path, rootPath } of files) {
      if (!isInside(path, driver.driverRoot)) return `a file of the driver lies outside its root: ${path}`
      if (!isInside(rootPath, "/")) return `no path inside the root: ${rootPath}`
    }
    for (const path of driver.firmware)
      if (!isInside(path, driver.driverRoot)) return `firmware lies outside the driver's root: ${path}`
  }
  return firstOf(checkPlain(inventory, "inventory"), checkPlain(driver, "driver"))
}

/** Plain data: what JSON cannot say (Infinity, NaN) is lost in a cache and in a recording. */
export function checkPlain(value: unknown, place: string): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${place} is ${value}`
  if (typeof value !== "object" || value === null) return undefined
  for (const [key, one] of Object.entries(value)) {
    const problem = checkPlain(one, `${place}.${key}`)
    if (problem !== undefined) return problem
  }
  return undefined
}
