/**
 * A container's root as its engine may write it. Some runtimes (crun) make a root read-only ahead of the hooks that complete it, others (runc)
 * after them; what hooks do there must not hang on that. A detached copy of the mounts is made writable, and seen by this process
 * only: the container's own mount is read-only at every moment. A file system that is read-only itself stays so, and so does what was
 * read-only before the runtime came: that is not the container's, and may be what all containers of an image share.
 */

import { closeSync } from "node:fs"
import { readSmallText } from "../../host/files/read-up-to.ts"
import type { Root } from "../../linux/in-root.ts"
import { cloneTree, mountAttribute, setMountAttributes } from "../../linux/mounts.ts"
import { readOnlyMount } from "../../linux/read-only-mount.ts"

/** The root itself where it is writable, or cannot be made so: hooks then tell what they could not do. Nothing can be mounted in a copy. */
export function openWritable(root: Root): Root {
  const mount = readOnlyMount(root.descriptor, "/")
  if (mount === undefined || !coversWritable(readSmallText("/proc/self/mountinfo"), mount)) return root
  const copy = cloneTree(root.descriptor, "/")
  if (!copy.ok) return root
  if (setMountAttributes(copy.value, 0, mountAttribute.readOnly, "/").ok)
    return { ...root, descriptor: copy.value }
  closeSync(copy.value)
  return root
}

/**
 * Whether a mount shows the very directory that it covers, and that one takes writes. Every runtime mounts a root onto itself, so that it
 * is a mount, and may then make this one read-only. Such a mount inherits `ro` of what it covers (a layer of an image, mounted so by a
 * snapshotter; a tree that is exposed so), and any other mount's is its maker's word.
 * Source: proc_pid_mountinfo(5): number, parent, device, root, mount point, options.
 */
export function coversWritable(mountinfo: string, mount: bigint): boolean {
  const mounts = mountinfo.split("\n").map((line) => line.split(" "))
  const find = (number: string | undefined): readonly string[] =>
    mounts.find(([one]) => one === number && one !== undefined) ?? []
  const [, parent, device, root, place = ""] = find(`${mount}`)
  const [, , coveredDevice, coveredRoot = "", coveredPlace = "", options = ""] = find(parent)
  // Both escape the same characters in the same way.
  const [under, over] = [withSlash(coveredPlace), withSlash(place)]
  const isOntoItself =
    device === coveredDevice &&
    over.startsWith(under) &&
    withSlash(root ?? "") === `${withSlash(coveredRoot)}${over.slice(under.length)}`
  return isOntoItself && options.split(",").includes("rw")
}

const withSlash = (path: string): string => (path.endsWith("/") ? path : `${path}/`)
