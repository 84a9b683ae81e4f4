/**
 * `npm run bench -- --part machine`: what it costs to know a machine, anew and remembered, by its number of GPUs and of libraries
 * that are not the driver's. Each figure is a fresh process's first look, in a root of its own (chroot), at a machine as the live
 * host sees one. NVML is not asked: its time is the vendor's.
 */

import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { renderElf } from "../src/core/elf/render-elf.ts"
import { gantryProgram, mustRun } from "../tests/e2e/bundle.ts"
import { type Timing, timingOf } from "./markdown.ts"

interface Machine {
  readonly root: string
  readonly gpus: number
  readonly libraries: number
}

const kinds = ["cold", "warm"] as const

export interface MachineBench {
  readonly directory: string
  /** The compiled bench/observe.ts. */
  readonly program: string
  readonly rounds: number
}

/** Order: as in the table of docs/performance.md. */
export function measureMachines({ directory, program, rounds }: MachineBench): readonly Timing[] {
  const shapes = [1, 8, 16, 64].flatMap((gpus) => [600, 5600].map((libraries) => ({ gpus, libraries })))
  const machines = shapes.map(({ gpus, libraries }): Machine => {
    const root = join(directory, `machine-${gpus}-${libraries}`)
    makeMachine(root, gpus, libraries)
    addProgram(root, program, "observe")
    return { root, gpus, libraries }
  })
  const samples = new Map<string, number[]>()
  try {
    // Twice: the first makes the state directory, which is a change of the machine.
    for (const machine of [...machines, ...machines]) look(machine, "remember")
    for (let round = 0; round < rounds; round++)
      for (const machine of machines)
        for (const kind of kinds) {
          const name = nameOf(machine, kind)
          samples.set(name, [...(samples.get(name) ?? []), look(machine, kind)])
        }
  } finally {
    for (const { root } of machines) rmSync(root, { recursive: true, force: true })
  }
  return kinds
    .flatMap((kind) => machines.map((machine) => nameOf(machine, kind)))
    .map((name) => timingOf(name, samples.get(name) ?? []))
}

const nameOf = ({ gpus, libraries }: Machine, kind: (typeof kinds)[number]): string =>
  `${kind === "cold" ? "looked at anew" : "remembered"}, ${gpus} GPU${gpus === 1 ? "" : "s"}, ${libraries} libraries`

/**
 * Where programs lie: on the disk of the repository, as installed ones lie on one. Run from memory, which is mapped in pages of 4 KiB, a large
 * program takes two milliseconds more.
 */
export const programDirectory = join(dirname(gantryProgram), "bench")

/** Runs `$2 …` in the root `$1`: with the kernel's own proc, which Bun needs, the machine's files over it, and programs in /programs. */
export const enterMachine = `
mount --bind "${programDirectory}" "$1/programs"
mount --rbind /proc "$1/proc"
mount --bind "$1/proc.machine/driver" "$1/proc/driver"
mount --bind "$1/proc.machine/devices" "$1/proc/devices"
exec chroot "$@"`

/** Units: milliseconds. */
function look({ root, gpus }: Machine, kind: (typeof kinds)[number] | "remember"): number {
  const [took = 0, seen = 0, libraries = 0] = mustRun("unshare", [
    "--mount",
    "sh",
    "-ec",
    enterMachine,
    "sh",
    root,
    "/programs/observe",
    kind,
  ])
    .split(" ")
    .map(Number)
  if (seen !== gpus || libraries < 20) throw new Error(`${root}: ${seen} GPUs, ${libraries} libraries`)
  return took / 1e6
}

/** A simulated machine with the libraries of a grown host, and its cache by the real ldconfig. */
export function makeMachine(
  root: string,
  gpus: number,
  libraries: number,
  more: readonly string[] = ["--no-nvml"],
): void {
  mustRun(gantryProgram, ["simulate", "up", root, "--gpus", String(gpus), ...more])
  const place = join(root, "usr/lib/x86_64-linux-gnu")
  const filler = { machine: "x86-64", needed: [], symbol: "filler", answer: 1 } as const
  for (let index = 0; index < libraries; index++) {
    const name = `libfiller${index}.so.1`
    writeFileSync(join(place, name), renderElf({ ...filler, soname: name }))
  }
  mustRun("ldconfig", ["-r", root])
  renameSync(join(root, "proc"), join(root, "proc.machine"))
  mkdirSync(join(root, "proc"))
}

/** As /programs/NAME, with what it needs to run. */
export function addProgram(root: string, program: string, name: string): void {
  mkdirSync(programDirectory, { recursive: true })
  mkdirSync(join(root, "programs"), { recursive: true })
  if (!existsSync(join(programDirectory, name))) copyFileSync(program, join(programDirectory, name))
  chmodSync(join(programDirectory, name), 0o755)
  // Of a static program it says that it is none of its kind, and fails.
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" })
  for (const path of stdout.match(/\/\S+/g) ?? []) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    copyFileSync(path, join(root, path))
  }
}
