/**
 * A container's root as its engine may write it. Some runtimes (crun) make a root read-only ahead of the hooks that complete it, others (runc)
 * after them; what hooks do there must not hang on that. A detached copy of the mounts is made writable, and seen by this process
 * only: the container's own mount is read-only at every moment. A file system that is read-only itself stays so, and so does a directory
 * in a read-only mount: that is not the container's.
 */

import { closeSync } from "node:fs"
import type { Root } from "../../linux/in-root.ts"
import { cloneTree, isReadOnlyMount, mountAttribute, setMountAttributes } from "../../linux/mounts.ts"

/** The root itself where it is writable, or cannot be made so: hooks then tell what they could not do. Nothing can be mounted in a copy. */
export function openWritable(root: Root): Root {
  if (!isReadOnlyMount(root.descriptor, "/")) return root
  const copy = cloneTree(root.descriptor, "/")
  if (!copy.ok) return root
  if (setMountAttributes(copy.value, 0, mountAttribute.readOnly, "/").ok)
    return { ...root, descriptor: copy.value }
  closeSync(copy.value)
  return root
}
