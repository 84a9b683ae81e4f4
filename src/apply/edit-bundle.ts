/**
 * The wrapper's applier: does a plan's edits to a container that does not exist yet. What the runtime does stands in config.json in the
 * end; links, files and the loader's cache are written into the root, which the engine has mounted already; config.json is replaced
 * last, whole or not at all. Where the root is not there yet, one hook does the root's part.
 */

import { closeSync } from "node:fs"
import { type Fault, fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { ok, type Result } from "../core/fault/result.ts"
import { editSpec, type SpecBind, type SpecHook } from "../core/oci/edit-spec.ts"
import type { JsonDocument } from "../core/oci/json.ts"
import type { DividedEdits } from "../core/plan/divide-edits.ts"
import type { Edit } from "../core/plan/edit.ts"
import { parentPath } from "../core/text/path.ts"
import { replaceFile } from "../host/files/replace-file.ts"
import { statIfThere } from "../host/files/stat-if-there.ts"
import { errnoOf } from "../linux/checked.ts"
import { actAs, type Owner, openRoot } from "../linux/in-root.ts"
import { changeRoot } from "./change-root.ts"
import { hookEnvironment } from "./hook-environment.ts"
import { prepareLinkDirectory } from "./link-directory.ts"
import { refuseOwnRoot } from "./refuse-own-root.ts"

export interface Bundle {
  /** config.json: where it lies, and what it says; in the text, what is no UTF-8 is kept. */
  readonly specPath: string
  readonly spec: JsonDocument
  readonly rootPath: string
  /** Who the container's root is on the host, where it has a user namespace. */
  readonly mappedRoot: Owner | undefined
}

export interface WrapperTools {
  /** The launcher's executable: the hooks are its roles. */
  readonly launcher: string
  /** Where Gantry keeps what it may lose; undefined: nowhere. */
  readonly state: string | undefined
  /** Adds to config.json what CDI specifications say, behind all else; undefined: nothing. */
  readonly addCdiDevices: ((text: string) => Result<string>) | undefined
}

const linkDirectoryOptions = ["ro", "nosuid", "nodev", "noexec", "rbind", "rprivate"]

/** Faults: SystemCallFailed, ContainerRootInvalid, JsonTypeWrong, SpecKeyRepeated, HostReadFailed, and those of adding CDI devices. */
export function applyToBundle(
  divided: DividedEdits,
  bundle: Bundle,
  { launcher, state, addCdiDevices }: WrapperTools,
): Result<{ readonly findings: readonly Finding[] }> {
  const { spec, inRoot } = divided
  const hook = (...args: readonly string[]): SpecHook => ({ path: launcher, args, env: hookEnvironment })
  const findings = [...divided.findings]
  const mounts: SpecBind[] = [...spec.mounts]
  for (const { path, links } of divided.linkDirectories) {
    const source = state === undefined ? undefined : prepareLinkDirectory(state, links)
    if (source === undefined) findings.push(notLinked(path, state))
    else mounts.push({ source, destination: path, options: linkDirectoryOptions })
  }
  const isRootAbsent = changeFromOutside(bundle, inRoot, findings)
  if (!isRootAbsent.ok) return isRootAbsent
  const edited = editSpec(bundle.spec, {
    ...spec,
    mounts,
    createContainerHooks: isRootAbsent.value
      ? [hook("nvidia-cdi-hook", "complete-container", ...completionFlags(divided))]
      : divided.needsParamsHook
        ? [hook("gantry-launcher", "bind-params", bundle.rootPath)]
        : [],
  })
  if (!edited.ok) return edited
  const complete = addCdiDevices === undefined ? edited : addCdiDevices(edited.value)
  if (!complete.ok) return complete
  if (complete.value !== bundle.spec.text) {
    const written = replaceFile(bundle.specPath, complete.value, 0o600)
    if (!written.ok) return written
  }
  return ok({ findings })
}

const notLinked = (path: string, state: string | undefined): Finding => ({
  severity: "warning",
  fault: fault("ContainerPlaceReadOnly", {
    path,
    consequence: "the links that belong there are missing, for want of a place to keep them",
  }),
  evidence: [`${state ?? "XDG_RUNTIME_DIR"}: cannot be written, or others may enter it`],
})

/** true: the root is not there yet. */
function changeFromOutside(
  { rootPath, mappedRoot }: Bundle,
  edits: readonly Edit[],
  findings: Finding[],
): Result<boolean> {
  if (edits.length === 0) return ok(false)
  const opened = openRoot(rootPath, ownerOf(rootPath, mappedRoot))
  if (!opened.ok) return isAbsent(opened.fault) ? ok(true) : opened
  const root = refuseOwnRoot(opened.value, rootPath)
  if (!root.ok) return root
  actAs(root.value.owner)
  const changed = changeRoot(root.value, { mounts: [], covers: [], edits }, findings)
  actAs({ uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 })
  closeSync(root.value.descriptor)
  return changed.ok ? ok(false) : changed
}

const isAbsent = (fault: Fault): boolean => errnoOf({ ok: false, fault }) === "ENOENT"

/** In a user namespace the root's files are its root's, unless the file system maps them itself. */
function ownerOf(rootPath: string, mapped: Owner | undefined): Owner {
  const stat = statIfThere(rootPath)
  const isMapped = mapped !== undefined && stat?.uid === mapped.uid
  return isMapped ? mapped : { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
}

/** What the hook is told that will see the root. Which loaders it has, musl's too, and which GPUs the profile names, the hook sees itself. */
function completionFlags({ inRoot, needsParamsHook }: DividedEdits): readonly string[] {
  const flags: string[] = []
  const folders = new Set<string>()
  let hasApplicationProfile = false
  for (const edit of inRoot)
    if (edit.kind === "symlink") flags.push("--link", `${edit.target}::${edit.path}`)
    else if (edit.kind === "ldcache") for (const { path } of edit.entries) folders.add(parentPath(path))
    // The only file in a root whose text a plan knows.
    else if (edit.kind === "file") hasApplicationProfile = true
  for (const folder of folders) flags.push("--folder", folder)
  if (hasApplicationProfile) flags.push("--update-application-profile")
  if (needsParamsHook) flags.push("--disable-device-node-modification")
  return flags
}
