/**
 * What a driver branch and a GPU model imply, for requirements: CUDA version, compute capability, brand.
 * Source: CUDA release notes, table of toolkit and driver versions; NVIDIA's list of compute capabilities.
 */

/** Newest first: driver branch and the CUDA version that its driver API has. */
const cudaOfBranch: readonly (readonly [branch: number, cuda: string])[] = [
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

/** undefined: a branch older than the table. */
export const cudaVersionOf = (driverVersion: string): string | undefined =>
  cudaOfBranch.find(([branch]) => Number.parseInt(driverVersion, 10) >= branch)?.[1]

const architectures: readonly (readonly [pattern: RegExp, capability: string])[] = [
  [/\b(GB200|B200|B100)\b/, "10.0"],
  [/\b(GH200|H100|H200|H800|H20)\b/, "9.0"],
  [/\b(L4|L40S?|L2|L20)\b|RTX 40\d\d|RTX \d000 Ada/, "8.9"],
  [/\b(A10G?|A16|A40|A2)\b|RTX 30\d\d|RTX A\d000/, "8.6"],
  [/\b(A100|A800|A30)\b/, "8.0"],
  [/\bT4G?\b|RTX 20\d\d|GTX 16\d\d/, "7.5"],
  [/\bV100\b|TITAN V\b/, "7.0"],
  [/\b(P4|P40)\b|GTX 10\d\d/, "6.1"],
  [/\bP100\b/, "6.0"],
]

/** undefined: a model that the table does not know. */
export const architectureOf = (model: string): string | undefined =>
  architectures.find(([pattern]) => pattern.test(model))?.[1]

/** As the reference names them; everything else is `Unknown`. */
export function brandOf(model: string): string {
  const named = /\b(Quadro|GeForce|TITAN|Tesla|NVS|GRID)\b/.exec(model)?.[1]
  if (named !== undefined) return named
  return /\b(A100|A800|A30|A40|A10G?|A16|A2|H100|H200|H800|H20|GH200|B200|B100|GB200|L4|L40S?|L2|L20|T4|V100|P100|P40|P4)\b/.test(
    model,
  )
    ? "Tesla"
    : "Unknown"
}
