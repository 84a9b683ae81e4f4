/**
 * What a container's root looks like, seen before anything is planned. The image is hostile: every path is resolved by the kernel with
 * the container's root as its root, and what is found decides nothing but places.
 */

import { closeSync } from "node:fs"
import type { ElfMachine } from "../core/elf/elf.ts"
import { ok, type Result } from "../core/fault/result.ts"
import { muslLoaderFile } from "../core/ldcache/musl-path.ts"
import type { CompatOffer } from "../core/plan/compat-offer.ts"
import { type ContainerLayout, unseenLayout } from "../core/plan/container-layout.ts"
import { checkShortage, openRoot, type Root, statInRoot } from "../linux/in-root.ts"

const machines: readonly Exclude<ElfMachine, "other">[] = ["x86-64", "aarch64", "i386"]

/**
 * `directory`: where the root lies for this process. A root that cannot be opened has nothing. `boardCompat`: in which directory of it a
 * board's newer CUDA would lie; undefined: nobody asks. Faults: SystemCallFailed, where the machine was too short of something to look.
 */
export async function observeLayout(
  directory: string,
  boardCompat: string | undefined = undefined,
): Promise<Result<ContainerLayout>> {
  const root = openRoot(directory, { uid: 0, gid: 0 })
  if (!root.ok) return ok(unseenLayout)
  const seen = (path: string) => statInRoot(root.value, path)
  try {
    const [lib, lib64] = [seen("/usr/lib"), seen("/usr/lib64")]
    const layout: ContainerLayout = {
      isDebian: seen("/etc/debian_version") !== undefined,
      hasLib32: seen("/usr/lib32") !== undefined,
      isLibApart: lib !== undefined && !(lib.dev === lib64?.dev && lib.ino === lib64.ino),
      muslMachines: machines.filter((machine) => seen(muslLoaderFile(machine)) !== undefined),
      compat: await observeCompat(root.value, compatDirectory),
      boardCompat: boardCompat === undefined ? undefined : await observeCompat(root.value, boardCompat),
    }
    const sure = checkShortage(root.value)
    return sure.ok ? ok(layout) : sure
  } finally {
    closeSync(root.value.descriptor)
  }
}

/** As in core/compat/observe-compat.ts, which no start loads for a path alone. */
const compatDirectory = "/usr/local/cuda/compat"

/** Few images have the directory; what looks into it is loaded only then. */
async function observeCompat(root: Root, place: string): Promise<CompatOffer | undefined> {
  if (statInRoot(root, place)?.isDirectory() !== true) return undefined
  const { observeCompatOffer } = await import("./observe-compat-offer.ts")
  return observeCompatOffer(root, place)
}
