/** Apart from other words on paths, for no start needs it. */

/** Where a path of the machine lies seen from a root, both absolute and clean; undefined: outside. */
export function pathInRoot(path: string, root: string): string | undefined {
  if (root === "/") return path
  if (path === root) return "/"
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined
}
