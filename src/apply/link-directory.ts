/**
 * A directory of links, made once and mounted into containers: for places such as /dev/dri/by-path, over which a mount of the container
 * lies. Named after its content, so that two starts may make it at once, and one that is there is right.
 */

import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs"
import type { SymlinkEdit } from "../core/plan/edit.ts"
import { baseName } from "../core/text/path.ts"
import { isOurs } from "../host/state/state-directory.ts"
import { hashOf, isYoung, writingLifeMs } from "../host/state/state-file.ts"

/** Where it lies; undefined: it cannot be made. */
export function prepareLinkDirectory(state: string, links: readonly SymlinkEdit[]): string | undefined {
  const wanted = links.map(({ path, target }) => [baseName(path), target] as const)
  const place = `${state}/links-${hashOf(JSON.stringify(wanted))}`
  try {
    if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true)
      return isOurs(state) ? place : undefined
    mkdirSync(state, { recursive: true, mode: 0o700 })
    if (!isOurs(state)) return undefined
    removeLeftovers(state)
    const temporary = mkdtempSync(`${state}/.links-`)
    // Whoever is in the container may look.
    chmodSync(temporary, 0o755)
    for (const [name, target] of wanted) symlinkSync(target, `${temporary}/${name}`)
    try {
      renameSync(temporary, place)
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true })
      // Another start was faster.
      if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) throw error
    }
    return place
  } catch {
    return undefined
  }
}

/** Whoever was killed while making one. */
function removeLeftovers(state: string): void {
  for (const name of readdirSync(state))
    if (name.startsWith(".links-") && !isYoung(`${state}/${name}`, writingLifeMs))
      rmSync(`${state}/${name}`, { recursive: true, force: true })
}
