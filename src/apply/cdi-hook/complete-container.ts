/**
 * `complete-container`: the work of all hooks of a specification in one process, in the order in which engines would run them. No other
 * tool knows it. Links to nodes are made where the container has the node: one entry then serves whatever devices it was given.
 */

import { closeSync } from "node:fs"
import type { HookLink } from "../../core/cdi/edits/toolkit-hooks.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { absolutePath, cleanPath, parentPath } from "../../core/text/path.ts"
import { checkShortage, openFlags, openInRoot, type Root } from "../../linux/in-root.ts"
import { createSymlinks } from "./create-symlinks.ts"
import { disableNodeModification } from "./disable-node-modification.ts"
import type { HookEffect } from "./effect.ts"
import { type CompatCall, enableCudaCompat } from "./enable-cuda-compat.ts"
import { updateApplicationProfile } from "./update-application-profile.ts"
import { updateLdcache } from "./update-ldcache.ts"
import { openWritable } from "./writable-root.ts"

export interface CompletionCall {
  readonly links: readonly HookLink[]
  /** Made where the container has what they name. */
  readonly nodeLinks: readonly HookLink[]
  /** undefined: the image's newer CUDA is not looked at. */
  readonly compat: CompatCall | undefined
  /** Empty: the loader's cache is left alone. */
  readonly folders: readonly string[]
  readonly disablesNodeModification: boolean
  readonly hasApplicationProfile: boolean
}

/** Faults: those of the hooks, SystemCallFailed; what the ones before have done stays. */
export function completeContainer(root: Root, call: CompletionCall): Result<HookEffect> {
  const { compat, folders } = call
  const written = openWritable(root)
  const works: readonly (() => Result<HookEffect>)[] = [
    () =>
      createSymlinks(written, [
        ...call.links,
        ...call.nodeLinks.filter((link) => leadsToSomething(root, link)),
      ]),
    ...(compat === undefined ? [] : [() => enableCudaCompat(written, compat)]),
    ...(folders.length === 0 ? [] : [() => updateLdcache(written, folders)]),
    ...(call.disablesNodeModification ? [() => disableNodeModification(root)] : []),
    ...(call.hasApplicationProfile ? [() => updateApplicationProfile(written)] : []),
  ]
  const effects: HookEffect[] = []
  for (const work of works) {
    const effect = work()
    if (!effect.ok) return effect
    const sure = checkShortage(root)
    if (!sure.ok) return sure
    effects.push(effect.value)
  }
  return ok({
    changes: effects.flatMap(({ changes }) => changes),
    findings: effects.flatMap(({ findings }) => findings),
  })
}

function leadsToSomething(root: Root, { target, path }: HookLink): boolean {
  const place = absolutePath(target, parentPath(cleanPath(`/${path}`)))
  const opened = openInRoot(root, place, openFlags.path | openFlags.noFollow)
  if (opened.ok) closeSync(opened.value)
  return opened.ok
}
