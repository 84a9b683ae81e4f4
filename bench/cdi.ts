/**
 * `npm run bench -- --part cdi`: what it costs to list, verify and resolve CDI devices, by their number and that of their files. Each figure
 * is a whole process, from its start to its end; beside it an empty one, whose start nobody can save, and the peer's own list.
 */

import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gantryProgram } from "../tests/e2e/bundle.ts"
import { type Timing, timingOf } from "./markdown.ts"
import { buildMeasure, measure } from "./measure.ts"

const shapes = [
  { devices: 1, files: 1 },
  { devices: 100, files: 1 },
  { devices: 100, files: 10 },
  { devices: 10_000, files: 1 },
  { devices: 10_000, files: 10 },
  { devices: 10_000, files: 1000 },
] as const

export interface CdiBench {
  /** Where specifications are made. */
  readonly work: string
  /** The compiled bench/empty.ts. */
  readonly empty: string
  readonly rounds: number
  /** Where another toolkit's `nvidia-ctk` lies; undefined: nowhere. */
  readonly peer: string | undefined
}

/** Named, because those of the machine have files of their own to be looked into. */
const engines = ["docker@29.0", "containerd@2.1", "podman@5.4", "crio@1.34"].flatMap((name) => [
  "--engine",
  name,
])

/** Order: the empty program, then by size; of each resolve, list, verify. */
export function measureCdi({ work, empty, rounds, peer }: CdiBench): readonly Timing[] {
  const peerProgram = peer === undefined ? undefined : join(peer, "nvidia-ctk")
  const cases = shapes.flatMap(({ devices, files }) => {
    const directory = join(work, `cdi-${devices}-${files}`)
    makeSpecs(directory, devices, files)
    const size = `${devices} device${devices === 1 ? "" : "s"} in ${files} file${files === 1 ? "" : "s"}`
    const ours = (...words: readonly string[]) => [gantryProgram, "cdi", ...words, "--spec-dir", directory]
    return [
      { name: `${size}: resolve one, remembered`, command: ours("resolve", "vendor.com/gpu=0") },
      { name: `${size}: list`, command: ours("list") },
      { name: `${size}: verify`, command: ours("verify", ...engines) },
      ...(peerProgram !== undefined && existsSync(peerProgram)
        ? [
            {
              name: `${size}: the peer's list`,
              command: [peerProgram, "cdi", "list", "--spec-dir", directory],
            },
          ]
        : []),
    ]
  })
  const all = [{ name: "empty compiled program", command: [empty] }, ...cases]
  const samples = all.map((): number[] => [])
  // The first fills what is remembered.
  const measuring = buildMeasure(work)
  const timeOf = (command: readonly string[]): number => measure(measuring, [command]).createMs
  for (const { command } of all) timeOf(command)
  for (let round = 0; round < rounds; round++)
    for (const [index, { command }] of all.entries()) samples[index]?.push(timeOf(command))
  for (const { devices, files } of shapes)
    rmSync(join(work, `cdi-${devices}-${files}`), { recursive: true, force: true })
  return all.map(({ name }, index) => timingOf(name, samples[index] ?? []))
}

/** YAML as generators write it; every node is one that is there. */
function makeSpecs(directory: string, devices: number, files: number): void {
  mkdirSync(directory, { recursive: true })
  const each = Math.ceil(devices / files)
  for (let file = 0; file < files; file++) {
    const names = Array.from({ length: each }, (_, index) => file * each + index)
    const items = names.map(
      (name) =>
        `    - name: "${name}"\n      containerEdits:\n        env:\n            - VENDOR_${name}=1\n        deviceNodes:\n            - path: /dev/vendor${name}\n              hostPath: /dev/null\n              permissions: rw\n`,
    )
    writeFileSync(
      join(directory, `vendor${file}.yaml`),
      `---\ncdiVersion: 0.5.0\nkind: vendor.com/gpu\ndevices:\n${items.join("")}`,
    )
  }
}
