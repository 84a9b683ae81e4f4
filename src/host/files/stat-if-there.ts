/**
 * Looking at what may not be there. node:fs keeps silent of one way of not being there alone: what lies below a file, behind a link in a circle
 * or behind a closed door is told by an exception.
 */

import { lstatSync, type Stats, statSync } from "node:fs"

/** undefined: nothing is there that this process could look at. */
export const statIfThere = (path: string): Stats | undefined => ifThere(statSync, path)

/** The same, of a link itself. */
export const lstatIfThere = (path: string): Stats | undefined => ifThere(lstatSync, path)

function ifThere(look: typeof statSync, path: string): Stats | undefined {
  try {
    return look(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
