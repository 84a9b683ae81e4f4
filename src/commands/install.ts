/** `gantry install --prefix DIR`: puts the executable and its names in place, atomically, and writes down what it put there. */

import { copyFileSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { type InstallManifest, manifestPath, readInstallManifest } from "./install-manifest.ts"
import { parsePrefixFlags } from "./prefix-flags.ts"
import { print, report } from "./report.ts"

/**
 * Names whose command works, but nvidia-cdi-hook: where a newer dockerd finds that name on its PATH it takes GPUs from CDI
 * specifications, and none is generated yet.
 */
const linkedNames = ["nvidia-container-runtime-hook", "nvidia-container-toolkit"]

export function run(args: readonly string[]): number {
  const call = parsePrefixFlags(args, "install")
  if (typeof call === "number") return call
  const { prefix, isDryRun } = call
  const program = `${prefix}/bin/gantry`
  const links = linkedNames.map((name) => `${prefix}/bin/${name}`)
  const free = checkFree(prefix, [program, ...links])
  if (!free.ok) return report(free.fault)
  if (isDryRun) {
    print(`would install ${[program, ...links].join(" ")}\n`)
    return 0
  }
  const done = install(prefix, program, links)
  if (!done.ok) return report(done.fault)
  print(`installed ${[program, ...links].join(" ")}\n`)
  return 0
}

/** Another's file is never overwritten. Faults: InstallPlaceTaken. */
function checkFree(prefix: string, paths: readonly string[]): Result<true> {
  const ours = readInstallManifest(prefix)?.paths ?? []
  for (const path of paths) {
    const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined
    if (isThere && !ours.includes(path)) return fail(fault("InstallPlaceTaken", { path }))
  }
  return ok(true)
}

/** The manifest comes first, so that an installation that was cut off can be taken away. Faults: InstallFailed. */
function install(prefix: string, program: string, links: readonly string[]): Result<true> {
  try {
    mkdirSync(`${prefix}/bin`, { recursive: true })
    mkdirSync(`${prefix}/lib/gantry`, { recursive: true })
    const manifest: InstallManifest = { version: 1, paths: [program, ...links] }
    replace(manifestPath(prefix), (temporary) =>
      writeFileSync(temporary, `${JSON.stringify(manifest, null, 2)}\n`),
    )
    replace(program, (temporary) => copyFileSync("/proc/self/exe", temporary))
    for (const link of links) replace(link, (temporary) => symlinkSync("gantry", temporary))
    return ok(true)
  } catch (error) {
    return fail(
      fault("InstallFailed", { prefix, problem: error instanceof Error ? error.message : String(error) }),
    )
  }
}

/** Old or new at every moment. */
function replace(path: string, make: (temporary: string) => void): void {
  const temporary = `${path}.gantry-${process.pid}`
  rmSync(temporary, { force: true })
  make(temporary)
  renameSync(temporary, path)
}
