/** Is the machine that GPUs are given from a Tegra board? Asked at every start in mode `auto`, so of two files nearly always. */

import { existsSync } from "node:fs"
import { isTegra } from "../core/inventory/is-tegra.ts"
import { readDirAt, readFileAt } from "./files/file-system.ts"
import { findHost } from "./find-host.ts"

/** `selector`: as in openHost. What cannot be found, or is a recording, is none: what is wrong with it is told later. */
export function isTegraHost(selector: string | undefined): boolean {
  const place = findHost(selector)
  if (!place.ok || place.value.kind === "recording") return false
  const root = place.value.kind === "simulated" ? place.value.directory : ""
  return isTegra({
    exists: (path) => existsSync(`${root}${path}`),
    readFile: (path, range) => readFileAt(`${root}${path}`, path, range),
    readDir: (path) => readDirAt(`${root}${path}`, path),
  })
}
