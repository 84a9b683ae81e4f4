/** Makes the driver's device nodes on the machine where they are missing or wrong, as the driver's own tool does. Root's affair. */

import {
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from "node:fs"
import { fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { nodePlace } from "../core/host/dev-root.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { NodeFact } from "../core/inventory/inventory.ts"
import { type HostPath, hostPath } from "../core/text/brand.ts"
import { parentPath } from "../core/text/path.ts"
import { isYoung, writingLifeMs } from "../host/state/state-file.ts"
import { deviceNumber, makeCharacterNode } from "../linux/nodes.ts"

/** What could not be made. Several starts may be at it at once. */
export function makeNodes(
  host: Pick<HostFiles, "livePath">,
  devRoot: HostPath,
  nodes: readonly NodeFact[],
): readonly Finding[] {
  const findings: Finding[] = []
  // Nodes get their mode as they are made: not for a moment may anybody find another one.
  const mask = process.umask(0)
  try {
    for (const node of nodes) {
      const place = host.livePath(nodePlace(devRoot, node.path))
      if (place === undefined) continue
      try {
        makeNode(place, node)
        keepLink(host.livePath(nodePlace(devRoot, hostPath("/dev/char"))), node)
      } catch (error) {
        const { code = "EIO", syscall = "mknod" } = error as {
          readonly code?: string
          readonly syscall?: string
        }
        findings.push({
          severity: "note",
          fault: fault("DeviceNodeNotMade", { path: node.path, syscall, errno: code }),
          evidence: [`${node.path}: ${code}`],
        })
      }
    }
  } finally {
    process.umask(mask)
  }
  return findings
}

function makeNode(place: string, { major, minor, mode, uid, gid }: NodeFact): void {
  const parent = parentPath(place)
  if (lstatSync(parent, { throwIfNoEntry: false }) === undefined) mkdirSync(parent, 0o755)
  const present = lstatSync(place, { throwIfNoEntry: false })
  if (present !== undefined) {
    if (present.isCharacterDevice() && present.rdev === deviceNumber(major, minor)) return
    // What is no node was put there by somebody who meant something by it.
    if (!present.isCharacterDevice())
      throw Object.assign(new Error(place), { code: "EEXIST", syscall: "mknod" })
  }
  // One that is wrong is replaced at once: another start, or a program, finds the old one or the new one, never none.
  const made = present === undefined ? place : temporaryIn(parent)
  const result = makeCharacterNode(made, major, minor, mode)
  if (!result.ok) {
    const errno = result.fault.tag === "SystemCallFailed" ? result.fault.data.errno : "EIO"
    // Another start was faster.
    if (errno === "EEXIST") return
    throw Object.assign(new Error(place), { code: errno, syscall: "mknod" })
  }
  try {
    if (uid !== 0 || gid !== 0) chownSync(made, uid, gid)
    if (made !== place) renameSync(made, place)
  } catch (error) {
    rmSync(made, { force: true })
    throw error
  }
}

/** A name beside a node, of which nobody thinks that it is one. What a killed start left under such a name is taken away. */
function temporaryIn(directory: string): string {
  for (const name of readdirSync(directory))
    if (/^\.gantry-\d+-[0-9a-z]+$/.test(name) && !isYoung(`${directory}/${name}`, writingLifeMs))
      rmSync(`${directory}/${name}`, { force: true })
  return `${directory}/.gantry-${process.pid}-${Math.random().toString(36).slice(2, 10)}`
}

/** `/dev/char/195:0` → `../nvidia0`, by which systemd finds devices that it is to permit. Only where the machine has that directory. */
function keepLink(directory: string | undefined, { path, major, minor }: NodeFact): void {
  if (directory === undefined || lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    return
  const place = `${directory}/${major}:${minor}`
  const target = `..${path.slice("/dev".length)}`
  try {
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      if (readlinkSync(place) === target) return
      unlinkSync(place)
    }
    symlinkSync(target, place)
  } catch {
    // udev makes it too, and may have been faster.
  }
}
