/**
 * `gantry install --prefix DIR`: puts the executable, the launcher and its names in place, atomically, and writes down what it put there.
 */

import {
  copyFileSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { parentPath } from "../core/text/path.ts"
import { lstatIfThere } from "../host/files/stat-if-there.ts"
import { type InstallManifest, manifestPath, readInstallManifest } from "./install-manifest.ts"
import { parsePrefixFlags } from "./prefix-flags.ts"
import { print, report } from "./report.ts"

/** Names that stand on a container's way. */
const linkedNames = [
  "nvidia-container-cli",
  "nvidia-container-runtime",
  "nvidia-container-runtime.cdi",
  "nvidia-container-runtime.legacy",
  "nvidia-container-runtime-hook",
  "nvidia-container-toolkit",
]

/**
 * Names that are linked for who asks: where a newer dockerd finds nvidia-cdi-hook on its PATH it takes GPUs from CDI specifications,
 * which somebody has to have generated, and asks the hook no more; and what is not served of nvidia-ctk would be missed where the
 * reference's lies behind.
 */
const optionalNames = ["nvidia-cdi-hook", "nvidia-ctk"]

export async function run(args: readonly string[]): Promise<number> {
  const call = await parsePrefixFlags(args, "install", optionalNames)
  if (typeof call === "number") return call
  const { prefix, isDryRun, extraNames } = call
  // What was asked for once stays when a newer version comes.
  const isKept = (name: string): boolean =>
    extraNames.includes(name) || readInstallManifest(prefix)?.paths.includes(`${prefix}/bin/${name}`) === true
  const parts = listParts(prefix, [...linkedNames, ...optionalNames.filter(isKept)])
  const paths = parts.map(({ path }) => path)
  const free = checkFree(prefix, paths)
  if (!free.ok) return report(free.fault)
  if (isDryRun) {
    await print(`would install ${paths.join(" ")}\n`)
    return 0
  }
  const done = install(prefix, parts)
  if (!done.ok) return report(done.fault)
  await print(`installed ${paths.join(" ")}\n`)
  return 0
}

interface Part {
  readonly path: string
  make(temporary: string): void
}

/** What root starts on a container's way has the launcher in front of it, or is not there: a build without a C compiler has none. */
function listParts(prefix: string, names: readonly string[]): readonly Part[] {
  const own = readlinkSync("/proc/self/exe")
  const launcher = `${parentPath(own)}/gantry-launcher`
  const copy = (name: string, from: string): Part => ({
    path: `${prefix}/bin/${name}`,
    make: (temporary) => copyFileSync(from, temporary),
  })
  const program = copy("gantry", own)
  if (lstatIfThere(launcher) === undefined) return [program]
  const links = names.map(
    (name): Part => ({
      path: `${prefix}/bin/${name}`,
      make: (temporary) => symlinkSync("gantry-launcher", temporary),
    }),
  )
  return [program, copy("gantry-launcher", launcher), ...links]
}

/** Another's file is never overwritten. Faults: InstallPlaceTaken. */
function checkFree(prefix: string, paths: readonly string[]): Result<true> {
  const ours = readInstallManifest(prefix)?.paths ?? []
  for (const path of paths) {
    const isThere = lstatIfThere(path) !== undefined
    if (isThere && !ours.includes(path)) return fail(fault("InstallPlaceTaken", { path }))
  }
  return ok(true)
}

/** The manifest comes first, so that an installation that was cut off can be taken away. Faults: InstallFailed. */
function install(prefix: string, parts: readonly Part[]): Result<true> {
  try {
    mkdirSync(`${prefix}/bin`, { recursive: true })
    mkdirSync(`${prefix}/lib/gantry`, { recursive: true })
    const manifest: InstallManifest = { version: 1, paths: parts.map(({ path }) => path) }
    replace(manifestPath(prefix), (temporary) =>
      writeFileSync(temporary, `${JSON.stringify(manifest, null, 2)}\n`),
    )
    for (const { path, make } of parts) replace(path, make)
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
