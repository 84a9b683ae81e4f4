/** The CUDA version of a driver branch, known without asking the driver. Source: CUDA release notes, table of toolkit and driver versions. */

/** Newest first: driver branch and the CUDA version that its driver API has. */
export const cudaOfBranch: readonly (readonly [branch: number, cuda: string])[] = [
  [590, "13.1"],
  [580, "13.0"],
  [575, "12.9"],
  [570, "12.8"],
  [565, "12.7"],
  [560, "12.6"],
  [555, "12.5"],
  [550, "12.4"],
  [545, "12.3"],
  [535, "12.2"],
  [530, "12.1"],
  [525, "12.0"],
  [520, "11.8"],
  [515, "11.7"],
  [510, "11.6"],
  [495, "11.5"],
  [470, "11.4"],
  [465, "11.3"],
  [460, "11.2"],
  [455, "11.1"],
  [450, "11.0"],
  [440, "10.2"],
  [418, "10.1"],
  [410, "10.0"],
  [396, "9.2"],
  [390, "9.1"],
  [384, "9.0"],
]

/** From here on the table knows nothing: a newer driver may have a newer CUDA version. */
const firstUnknownBranch = 600

/** undefined: a branch older or newer than the table. */
export function cudaVersionOf(driverVersion: string): string | undefined {
  const branch = Number.parseInt(driverVersion, 10)
  if (branch >= firstUnknownBranch) return undefined
  return cudaOfBranch.find(([first]) => branch >= first)?.[1]
}
