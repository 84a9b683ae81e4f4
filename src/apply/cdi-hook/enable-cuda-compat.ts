/**
 * `enable-cuda-compat`: the loader of a container is told to search the image's forward compatibility libraries first, when they serve
 * the host's driver better. The libraries are looked at, never mounted and never loaded (CVE-2025-23359). What an earlier start of
 * the same container decided is taken back when it does not hold any more.
 */

import { closeSync } from "node:fs"
import { decideCompat } from "../../core/compat/decide-compat.ts"
import { compatDirectory, observeCompat } from "../../core/compat/observe-compat.ts"
import { fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { compatPath } from "../../core/ldcache/plan-loader-files.ts"
import { baseName, parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { viewContainer } from "../../host/container-tree.ts"
import { checkShortage, openFlags, openInRoot, type Root, removeAt } from "../../linux/in-root.ts"
import { type HookEffect, passOver } from "./effect.ts"
import { writeContainerFile } from "./write-file.ts"

export interface CompatCall {
  /** undefined: the one that images keep such libraries in. */
  readonly directory: string | undefined
  readonly hostDriverVersion: string | undefined
  readonly hostCudaVersion: string | undefined
}

/** Faults: ContainerFileNotWritten, SystemCallFailed. */
export function enableCudaCompat(root: Root, call: CompatCall): Result<HookEffect> {
  const { directory = compatDirectory, ...host } = call
  const decision = decideCompat({ ...observeCompat(viewContainer(root), directory), ...host })
  const sure = checkShortage(root)
  if (!sure.ok) return sure
  const findings: Finding[] = [...decision.findings]
  const written =
    decision.directory === undefined
      ? takeBack(root)
      : writeContainerFile(root, {
          path: compatPath,
          content: encodeUtf8(`${decision.directory}\n`),
          mode: 0o644,
        })
  if (!written.ok) {
    const told = fault("ContainerFileNotWritten", { path: compatPath, purpose: "compat" }, written.fault)
    const passed = passOver(written, told, findings)
    if (!passed.ok) return passed
  }
  return ok({ changes: [decision.reason], findings })
}

function takeBack(root: Root): Result<boolean> {
  const parent = openInRoot(root, parentPath(compatPath), openFlags.path | openFlags.directory)
  if (!parent.ok) return ok(false)
  const removed = removeAt(parent.value, baseName(compatPath))
  closeSync(parent.value)
  return removed
}
