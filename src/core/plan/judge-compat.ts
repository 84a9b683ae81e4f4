/**
 * CUDA forward compatibility: an image can bring the driver libraries of a newer CUDA. Whether programs are to use them in place of
 * the driver's own is judged from what was seen in the image; nothing of it is mounted or run.
 * Source: facts, nvidia-container-cli §2.6, toolkit §1.4 (enable-cuda-compat).
 */

import type { ElfMachine } from "../elf/elf.ts"
import type { ContainerPath } from "../text/brand.ts"
import { baseName } from "../text/path.ts"

export interface CompatLibrary {
  readonly path: ContainerPath
  readonly soname: string
  readonly bits: 32 | 64
  readonly machine: ElfMachine
}

/** What an image brings. */
export interface CompatOffer {
  /** Links resolved inside the container's root. */
  readonly directory: ContainerPath
  /** Regular files alone. Order: by name. */
  readonly libraries: readonly CompatLibrary[]
}

export interface CompatVerdict {
  readonly isUsed: boolean
  /** One clause for people. */
  readonly because: string
}

export interface CompatHost {
  readonly driverVersion: string
  readonly cudaVersion: string | undefined
}

/** Pure; what a plan is given to judge with. */
export type CompatJudge = (offer: CompatOffer, host: CompatHost) => CompatVerdict

/** The rule for libraries that say nothing of themselves: used when of a newer branch than the driver. */
export const judgeCompatByBranch: CompatJudge = ({ directory, libraries }, { driverVersion }) => {
  const versions = libraries.flatMap(
    ({ path }) => /^libcuda\.so\.(\d+(?:\.\d+)+)$/.exec(baseName(path))?.[1] ?? [],
  )
  const [version] = versions
  if (version === undefined) return { isUsed: false, because: `${directory} holds no libcuda of a driver` }
  if (versions.length > 1)
    return { isUsed: false, because: `${directory} holds more than one libcuda: ${versions.join(", ")}` }
  const isUsed = Number.parseInt(version, 10) > Number.parseInt(driverVersion, 10)
  return {
    isUsed,
    because: `libcuda ${version} in ${directory} is of ${isUsed ? "a newer" : "no newer"} branch than driver ${driverVersion}`,
  }
}
