/** `update-application-profile`: EGL in a container is told which GPUs are the container's, by the nodes that lie in its root. */

import {
  applicationProfilePath,
  profileMinorLimit,
  renderApplicationProfile,
} from "../../core/driver/application-profile.ts"
import { fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { viewContainer } from "../../host/container-tree.ts"
import { checkShortage, type Root } from "../../linux/in-root.ts"
import { type HookEffect, passOver } from "./effect.ts"
import { writeContainerFile } from "./write-file.ts"

/** Faults: ContainerFileNotWritten, SystemCallFailed. */
export function updateApplicationProfile(root: Root): Result<HookEffect> {
  const findings: Finding[] = []
  const minors = readGpuMinors(root).flatMap(({ path, minor }): readonly number[] => {
    if (minor <= profileMinorLimit) return [minor]
    const told = fault("DeviceMinorOutside", { path, minor, limit: profileMinorLimit })
    findings.push({ severity: "warning", fault: told, evidence: [`${path}: ${minor}`] })
    return []
  })
  const sure = checkShortage(root)
  if (!sure.ok) return sure
  const text = renderApplicationProfile(minors)
  if (text === undefined) return ok({ changes: [], findings })
  const wanted = { path: applicationProfilePath, content: encodeUtf8(text), mode: 0o444 }
  const written = writeContainerFile(root, wanted)
  if (written.ok) return ok({ changes: written.value ? [`${wanted.path} written`] : [], findings })
  const told = fault("ContainerFileNotWritten", { path: wanted.path, purpose: "profile" }, written.fault)
  const passed = passOver(written, told, findings)
  return passed.ok ? ok({ changes: [], findings }) : passed
}

/** Nodes by the names of GPUs; a link is none. Order: by name. */
function readGpuMinors(root: Root): readonly { readonly path: string; readonly minor: number }[] {
  const tree = viewContainer(root)
  const names = tree.readDir("/dev")
  if (!names.ok) return []
  return names.value
    .filter((name) => /^nvidia[0-9]+$/.test(name))
    .flatMap((name) => {
      const path = `/dev/${name}`
      const stat = tree.lstat(path)
      return stat.ok && stat.value.kind === "character" ? [{ path, minor: stat.value.minor }] : []
    })
}
