/**
 * Whether a container is to use the CUDA forward compatibility library of its image in place of the driver's own libcuda.
 *   exactly one such library, else nobody knows which is meant
 *   with a note: the host's driver branch is one that the note names, and the library is newer than the host's driver;
 *     where only the host's CUDA version is known: the library's is newer
 *   without one: the library is of a newer driver branch than the host's
 * Source: facts, toolkit §1.4, and the recorded effects of the reference's hook.
 */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { isLdSoConfLine } from "../ldcache/plan-loader-files.ts"
import { parseCoercedVersion, type Version } from "../text/version.ts"
import type { CompatLibraries, CompatLibrary } from "./observe-compat.ts"

export interface CompatQuestion extends CompatLibraries {
  /** As the host's driver names itself: `535.104.05`. undefined: not known. */
  readonly hostDriverVersion: string | undefined
  /** The newest CUDA that the host's driver serves: `12.2`. undefined: not known. */
  readonly hostCudaVersion: string | undefined
}

export interface CompatDecision {
  /** The directory that the loader is to search first; undefined: none. */
  readonly directory: string | undefined
  /** One sentence without a full stop. */
  readonly reason: string
  readonly findings: readonly Finding[]
}

export function decideCompat(question: CompatQuestion): CompatDecision {
  const { libraries, directory } = question
  const [library, ...others] = libraries
  const leave = (reason: string, findings: readonly Finding[] = []): CompatDecision => ({
    directory: undefined,
    reason,
    findings,
  })
  if (library === undefined) return leave(`there is no compatibility library in ${directory}`)
  if (others.length > 0) {
    const paths = libraries.map(({ path }) => path)
    return leave(
      `there are ${libraries.length} compatibility libraries in ${directory}, and one is expected`,
      [{ severity: "warning", fault: fault("CompatLibrariesSeveral", { paths }), evidence: paths }],
    )
  }
  if (!isLdSoConfLine(directory))
    return leave(`the loader's configuration cannot name ${JSON.stringify(directory)}`)
  const driver = readHostVersion("driver", question.hostDriverVersion)
  const cuda = readHostVersion("CUDA", question.hostCudaVersion)
  const judged = judge(library, driver.version, cuda.version)
  return {
    directory: judged.isUsed ? directory : undefined,
    reason: judged.reason,
    findings: [...driver.findings, ...cuda.findings],
  }
}

interface Judgement {
  readonly isUsed: boolean
  readonly reason: string
}

function judge(
  { path, version: text, note }: CompatLibrary,
  driver: Version | undefined,
  cuda: Version | undefined,
): Judgement {
  const version = parseCoercedVersion(text)
  if (version === undefined) return { isUsed: false, reason: `${path} names no version` }
  if (note.kind === "malformed")
    return { isUsed: false, reason: `the compatibility note of ${path} cannot be read` }
  if (note.kind === "none") {
    if (driver === undefined)
      return { isUsed: false, reason: `${path} has no note, and the host's driver version is not known` }
    const isUsed = version.major > driver.major
    return {
      isUsed,
      reason: `${path} is of driver branch ${version.major}, which is ${isUsed ? "" : "not "}newer than the host's ${driver.major}`,
    }
  }
  if (driver !== undefined) {
    if (!note.driverBranches.includes(Number(driver.major)))
      return { isUsed: false, reason: `${path} does not name the host's driver branch ${driver.major}` }
    const isUsed = compare(version, driver) > 0
    return {
      isUsed,
      reason: `${path} names the host's driver branch ${driver.major}, and is ${isUsed ? "" : "not "}newer than the host's driver`,
    }
  }
  const brought = parseCoercedVersion(note.cudaVersion)
  if (cuda === undefined || brought === undefined)
    return {
      isUsed: false,
      reason: `no two versions are known by which ${path} could be compared with the host`,
    }
  const isUsed = compare(brought, cuda) > 0
  return {
    isUsed,
    reason: `${path} brings CUDA ${note.cudaVersion}, which is ${isUsed ? "" : "not "}newer than the host's`,
  }
}

function readHostVersion(
  which: "driver" | "CUDA",
  text: string | undefined,
): { readonly version: Version | undefined; readonly findings: readonly Finding[] } {
  const version = text === undefined ? undefined : parseCoercedVersion(text)
  if (text === undefined || version !== undefined) return { version, findings: [] }
  const problem = fault("HostVersionInvalid", { which, text })
  return { version, findings: [{ severity: "warning", fault: problem, evidence: [text] }] }
}

function compare(one: Version, other: Version): number {
  for (const part of ["major", "minor", "patch"] as const)
    if (one[part] !== other[part]) return one[part] < other[part] ? -1 : 1
  return 0
}
