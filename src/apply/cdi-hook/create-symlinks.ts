/** `create-symlinks`: links in a container's root, as `ln -sf` makes them; parents are made where missing. */

import { closeSync } from "node:fs"
import type { HookLink } from "../../core/cdi/edits/toolkit-hooks.ts"
import { fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { baseName, cleanPath, parentPath } from "../../core/text/path.ts"
import { ensureDirectory, linkAt, type Root } from "../../linux/in-root.ts"
import { type HookEffect, passOver } from "./effect.ts"

/** Faults: ContainerLinkNotMade; links before it stay. */
export function createSymlinks(root: Root, links: readonly HookLink[]): Result<HookEffect> {
  const changes: string[] = []
  const findings: Finding[] = []
  for (const link of links) {
    const made = createLink(root, link)
    if (made.ok) {
      changes.push(`${link.path} says ${link.target}`)
      continue
    }
    const passed = passOver(made, fault("ContainerLinkNotMade", link, made.fault), findings)
    if (!passed.ok) return passed
  }
  return ok({ changes, findings })
}

function createLink(root: Root, { target, path }: HookLink): Result<true> {
  const place = cleanPath(`/${path}`)
  const parent = ensureDirectory(root, parentPath(place))
  if (!parent.ok) return parent
  const made = linkAt(parent.value, baseName(place), target, root.owner)
  closeSync(parent.value)
  return made
}
