/**
 * `update-ldcache`: a container's loaders are told of folders. What ldconfig would do is done by our own code, because a program run
 * on a hostile tree is what the attacks on this hook were about (CVE-2024-0132, CVE-2025-23267): nothing of the image runs, nor does
 * anything of the machine. The whole tree is looked at, as ldconfig does; links that lack for SONAMEs are made.
 */

import { closeSync } from "node:fs"
import { fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { observeLdconfigRules } from "../../core/ldcache/ldconfig-rules.ts"
import { muslLoaderFile, muslPathFile } from "../../core/ldcache/musl-path.ts"
import { type Cacheable, observeCacheable } from "../../core/ldcache/observe-cacheable.ts"
import { observeLdSoConf } from "../../core/ldcache/observe-ld-so-conf.ts"
import {
  foldersPath,
  ldSoConfPath,
  ldSoConfText,
  planLoaderFiles,
} from "../../core/ldcache/plan-loader-files.ts"
import { renderLdcache } from "../../core/ldcache/render-ldcache.ts"
import { createWalkBudget } from "../../core/ldcache/walk-budget.ts"
import { baseName, parentPath } from "../../core/text/path.ts"
import { decodeUtf8, encodeUtf8 } from "../../core/text/utf8.ts"
import { viewContainer } from "../../host/container-tree.ts"
import { checkShortage, linkAt, openFlags, openInRoot, type Root, readInRoot } from "../../linux/in-root.ts"
import { type HookEffect, passOver } from "./effect.ts"
import { writeContainerFile } from "./write-file.ts"

const cachePath = "/etc/ld.so.cache"
/** Units: bytes. */
const textLimit = 1024 * 1024

/** Faults: ContainerFileNotWritten, SystemCallFailed. */
export function updateLdcache(root: Root, folders: readonly string[]): Result<HookEffect> {
  const changes: string[] = []
  const findings: Finding[] = []
  const machine = process.arch === "arm64" ? "aarch64" : "x86-64"
  const write = (path: string, content: Uint8Array): Result<unknown> => {
    const sure = checkShortage(root)
    if (!sure.ok) return sure
    const written = writeContainerFile(root, { path, content, mode: 0o644 })
    if (!written.ok)
      return passOver(
        written,
        fault("ContainerFileNotWritten", { path, purpose: "loader" }, written.fault),
        findings,
      )
    if (written.value) changes.push(`${path} written`)
    return written
  }
  const walk = createWalkBudget()
  const isThere = (path: string): boolean => viewContainer(root).lstat(path).ok
  if (!isThere(ldSoConfPath)) {
    const written = write(ldSoConfPath, encodeUtf8(ldSoConfText))
    if (!written.ok) return written
  }
  const files = planLoaderFiles(
    {
      machine,
      isDebian: isThere("/etc/debian_version"),
      isAlpine: isThere("/etc/alpine-release"),
      hasMusl: isThere(muslLoaderFile(machine)),
      configured: observeLdSoConf(viewContainer(root, walk), ldSoConfPath, walk).directories,
      foldersText: readText(root, foldersPath),
      muslText: readText(root, muslPathFile(machine)),
    },
    folders,
  )
  for (const { path, text } of files) {
    const written = write(path, encodeUtf8(text))
    if (!written.ok) return written
  }
  const rules = observeLdconfigRules(viewContainer(root), machine)
  // A view of its own: what is written now must be seen.
  const cacheable = observeCacheable(viewContainer(root, walk), rules, walk)
  const sure = checkShortage(root)
  if (!sure.ok) return sure
  for (const link of cacheable.links) if (makeLink(root, link, findings)) changes.push(`${link.path} linked`)
  const cached = write(cachePath, renderLdcache({ ...cacheable, extensions: [] }, cacheable.idleHwcapNames))
  return cached.ok ? ok({ changes, findings: [...findings, ...cacheable.findings] }) : cached
}

const readText = (root: Root, path: string): string | undefined => {
  const bytes = readInRoot(root, path, textLimit)
  return bytes === undefined ? undefined : decodeUtf8(bytes)
}

/** One that cannot be made costs the library's name, as with ldconfig, never the start. */
function makeLink(root: Root, { path, target }: Cacheable["links"][number], findings: Finding[]): boolean {
  const parent = openInRoot(root, parentPath(path), openFlags.path | openFlags.directory)
  const made = parent.ok ? linkAt(parent.value, baseName(path), target, root.owner) : parent
  if (parent.ok) closeSync(parent.value)
  if (!made.ok) {
    const told = fault("ContainerLinkNotMade", { path, target }, made.fault)
    findings.push({ severity: "note", fault: told, evidence: [path] })
  }
  return made.ok
}
