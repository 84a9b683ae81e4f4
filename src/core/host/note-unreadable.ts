/**
 * What is there and cannot be read is no absence: a machine seen through closed doors looks like one without GPUs. Every failed read
 * but that of an absent place becomes a finding, once; and every look that a failing disk or a kernel without memory leaves unanswered, but
 * `exists`, which gives no reason. Of looks behind a closed door the door itself tells.
 */

import type { Fault } from "../fault/fault.ts"
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
  const noteLook = <T>(answer: Result<T>): Result<T> =>
    !answer.ok && isUnanswered(answer.fault) ? note(answer) : answer
  return {
    ...host,
    readFile: (path, range) => note(host.readFile(path, range)),
    readParts: (path, use) => host.readParts(path, (read) => use((range) => note(read(range)))),
    readDir: (path) => note(host.readDir(path)),
    lstat: (path) => noteLook(host.lstat(path)),
    readLink: (path) => noteLook(host.readLink(path)),
  }
}

/** Answers: that it is no link, that links lead in a circle, that no path is so long. */
const answers = ["EINVAL", "ELOOP", "ENAMETOOLONG"]

const isUnanswered = (problem: Fault): boolean =>
  problem.tag === "HostReadFailed" && problem.data.reason === "other" && !answers.includes(problem.data.errno)
