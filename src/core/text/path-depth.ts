/** How deep a path lies. Not in path.ts, which every start loads. */

/** Of a clean absolute path: its slashes. */
export function depthOf(path: string): number {
  let depth = 0
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) depth++
  return depth
}
