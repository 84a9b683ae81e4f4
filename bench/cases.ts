/** What is compared: the machine it runs on, the bundles, and each case's command lines. */

import { existsSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import {
  gantryProgram,
  hookProgram,
  makeBusyboxRoot,
  mustRun,
  renderSpec,
  wrapperProgram,
} from "../tests/e2e/bundle.ts"
import { compileProgram } from "./compile.ts"
import { addLibraries } from "./image.ts"
import type { Commands } from "./measure.ts"

export interface Case {
  readonly name: string
  /** Fresh for every call: commands, and what removes their traces. */
  prepare(): { readonly commands: Commands; remove(): void }
}

interface ContainerCase {
  readonly gpus: number
  /** Of the image, beside its one program. */
  readonly libraries?: number
  readonly hook?: readonly string[]
  /** What is called in runc's place, variables in front. */
  readonly runtime?: readonly string[]
  readonly before?: (bundle: string) => void
}

const countGpus = (count: number): string => `${count} GPU${count === 1 ? "" : "s"}`

/** A program by itself. */
const alone = (command: readonly string[]): ReturnType<Case["prepare"]> => ({
  commands: [command],
  remove: () => undefined,
})

/** The name that all others are compared with. */
export const bareName = "bare runc"

export interface Options {
  readonly isFull: boolean
  /** A folder with another toolkit's nvidia-container-runtime-hook and nvidia-container-cli. */
  readonly peer: string | undefined
}

export async function makeCases(directory: string, { isFull, peer }: Options): Promise<readonly Case[]> {
  const empty = await compileProgram("empty.ts", join(directory, "empty"))
  const templates = makeTemplates(directory)
  const sizes = isFull ? [1, 8, 16, 64] : [1, 8, 16]
  const machineFor = (gpus: number): string => join(directory, gpus > 16 ? "machine-64" : "machine-16")
  const configFor = (gpus: number): string => `${machineFor(gpus)}.toml`
  for (const [gpus, count] of [[16, "16"], ...(isFull ? [[64, "64"] as const] : [])] as const) {
    mustRun(gantryProgram, ["simulate", "up", machineFor(gpus), "--gpus", count])
    writeFileSync(configFor(gpus), `[gantry]\nhost = "${machineFor(gpus)}"\n`)
  }

  const grown = join(directory, "machine-grown")
  mustRun(gantryProgram, ["simulate", "up", grown, "--gpus", "8"])
  addLibraries(grown, 5600)
  mustRun("ldconfig", ["-r", grown])
  writeFileSync(`${grown}.toml`, `[gantry]\nhost = "${grown}"\n`)

  let counter = 0
  const container = (
    name: string,
    { hook, gpus, libraries = 0, runtime = ["runc"], before }: ContainerCase,
  ): Case => ({
    name,
    prepare() {
      const id = `gantry-bench-${process.pid}-${counter++}`
      const bundle = join(directory, id)
      makeRoot(templates, libraries, join(bundle, "rootfs"))
      const devices = Array.from({ length: gpus }, (_, index) => index).join(",")
      const env = gpus === 0 ? [] : [`NVIDIA_VISIBLE_DEVICES=${devices}`]
      const args = ["/bin/true"]
      writeFileSync(join(bundle, "config.json"), renderSpec({ args, env, ...(hook && { hook }) }))
      before?.(bundle)
      const state = ["--root", join(directory, "runc")]
      const commands = [
        [...runtime, ...state, "create", "--bundle", bundle, id],
        ["runc", ...state, "start", id],
        ["runc", ...state, "delete", id],
      ]
      return { commands, remove: () => rmSync(bundle, { recursive: true, force: true }) }
    },
  })
  const withHook = (who: string, program: string, config: (gpus: number) => string): readonly Case[] => {
    const hook = (gpus: number) => [program, "-config", config(gpus), "prestart"]
    return [
      container(`${who}, no GPU asked`, { hook: hook(0), gpus: 0 }),
      ...sizes.map((gpus) => container(`${who}, ${countGpus(gpus)}`, { hook: hook(gpus), gpus })),
    ]
  }
  const wrapperWith = (config: string): readonly string[] => [
    `NVIDIA_CTK_CONFIG_FILE_PATH=${config}`,
    wrapperProgram,
  ]
  const wrapper = (gpus: number): readonly string[] => wrapperWith(configFor(gpus))
  // What the wrapper makes of a bundle, made before: the edits alone, as if somebody had written them by hand.
  const nothing = join(directory, "nothing.toml")
  writeFileSync(
    nothing,
    `[nvidia-container-runtime]\nruntimes = ["/bin/true"]\n[gantry]\nhost = "${machineFor(8)}"\n`,
  )
  const editBefore = (bundle: string): void => {
    mustRun(wrapperProgram, ["create", "--bundle", bundle, "x"], {
      env: { ...process.env, NVIDIA_CTK_CONFIG_FILE_PATH: nothing },
    })
  }
  // From then on the launcher knows this machine's own configuration.
  mustRun(wrapperProgram, ["--version"])

  return [
    { name: "empty compiled program", prepare: () => alone([empty]) },
    { name: "runc --version", prepare: () => alone(["runc", "--version"]) },
    { name: "the same through the wrapper", prepare: () => alone([wrapperProgram, "--version"]) },
    container(bareName, { gpus: 0 }),
    container("the edits by hand, 8 GPUs", { gpus: 8, before: editBefore }),
    container("wrapper, no GPU asked", { gpus: 0, runtime: [wrapperProgram] }),
    ...sizes.map((gpus) => container(`wrapper, ${countGpus(gpus)}`, { gpus, runtime: wrapper(gpus) })),
    container("wrapper, 8 GPUs, image of 50 libraries", { gpus: 8, runtime: wrapper(8), libraries: 50 }),
    container("wrapper, 8 GPUs, image of 5,000", { gpus: 8, runtime: wrapper(8), libraries: 5000 }),
    container("wrapper, 8 GPUs, host of 5,600", { gpus: 8, runtime: wrapperWith(`${grown}.toml`) }),
    container("hook: the empty program", { hook: [empty], gpus: 0 }),
    ...withHook("hook", hookProgram, configFor),
    ...(peer === undefined ? [] : peerCases(directory, resolve(peer), withHook)),
  ]
}

function peerCases(
  directory: string,
  peer: string,
  withHook: (who: string, program: string, config: (gpus: number) => string) => readonly Case[],
): readonly Case[] {
  const hook = join(peer, "nvidia-container-runtime-hook")
  if (!existsSync(hook)) throw new Error(`GANTRY_BENCH_PEER: no nvidia-container-runtime-hook in ${peer}`)
  const config = join(directory, "peer.toml")
  writeFileSync(config, `[nvidia-container-cli]\npath = "${join(peer, "nvidia-container-cli")}"\n`)
  return withHook("peer", hook, () => config)
}

/** Directories with what roots are made of: programs, and libraries by their number with the cache of the real ldconfig. */
function makeTemplates(directory: string): string {
  const templates = join(directory, "templates")
  makeBusyboxRoot(join(templates, "programs"))
  for (const libraries of [50, 5000]) {
    addLibraries(join(templates, String(libraries)), libraries)
    mustRun("ldconfig", ["-r", join(templates, String(libraries))])
  }
  return templates
}

/** A fresh root as cheap as an overlay: its files are hard links. */
function makeRoot(templates: string, libraries: number, root: string): void {
  for (const name of ["bin", "dev", "etc", "proc", "sys", "tmp", "usr/bin"])
    mkdirSync(join(root, name), { recursive: true })
  linkSync(join(templates, "programs/bin/busybox"), join(root, "bin/busybox"))
  symlinkSync("busybox", join(root, "bin/true"))
  if (libraries > 0)
    mustRun("cp", ["-al", ...["etc", "usr"].map((name) => join(templates, String(libraries), name)), root])
}

export const removeMachines = (directory: string): void => {
  for (const name of ["machine-16", "machine-64", "machine-grown"])
    if (existsSync(join(directory, name))) mustRun(gantryProgram, ["simulate", "down", join(directory, name)])
}
