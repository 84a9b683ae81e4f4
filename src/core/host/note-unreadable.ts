/**
 * What is there and cannot be read is no absence: a machine seen through closed doors looks like one without GPUs. Every failed read
 * but that of an absent place becomes a finding, once.
 */

import type { Finding } from "../fault/finding.ts"
import type { Result } from "../fault/result.ts"
import type { HostFiles } from "./host.ts"

export function noteUnreadable<T extends HostFiles>(host: T, findings: Finding[]): T {
  const noted = new Set<string>()
  const note = <T>(answer: Result<T>): Result<T> => {
    if (answer.ok || answer.fault.tag !== "HostReadFailed" || answer.fault.data.reason === "absent")
      return answer
    const { path, syscall, errno } = answer.fault.data
    if (!noted.has(path)) {
      noted.add(path)
      findings.push({ severity: "warning", fault: answer.fault, evidence: [`${path}: ${syscall}: ${errno}`] })
    }
    return answer
  }
  return {
    ...host,
    readFile: (path, range) => note(host.readFile(path, range)),
    readParts: (path, use) => host.readParts(path, (read) => use((range) => note(read(range)))),
    readDir: (path) => note(host.readDir(path)),
  }
}
