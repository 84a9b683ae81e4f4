/** `gantry uninstall --prefix DIR`: takes away what install put there, and nothing else. Twice is as good as once. */

import { readdirSync, rmdirSync, rmSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { manifestPath, readInstallManifest } from "./install-manifest.ts"
import { parsePrefixFlags } from "./prefix-flags.ts"
import { print, report } from "./report.ts"

export async function run(args: readonly string[]): Promise<number> {
  const call = await parsePrefixFlags(args, "uninstall")
  if (typeof call === "number") return call
  const { prefix, isDryRun } = call
  // Only what lies in this prefix's bin, whatever the manifest says.
  const paths = (readInstallManifest(prefix)?.paths ?? []).filter((path) =>
    /^[^/]+$/.test(path.replace(`${prefix}/bin/`, "")),
  )
  if (paths.length === 0) {
    await print(`nothing of Gantry is installed in ${prefix}\n`)
    return 0
  }
  if (isDryRun) {
    await print(`would remove ${paths.join(" ")}\n`)
    return 0
  }
  try {
    for (const path of paths) rmSync(path, { force: true })
    rmSync(manifestPath(prefix), { force: true })
    for (const directory of [`${prefix}/lib/gantry`, `${prefix}/lib`, `${prefix}/bin`])
      removeIfEmpty(directory)
  } catch (error) {
    return report(
      fault("InstallFailed", { prefix, problem: error instanceof Error ? error.message : String(error) }),
    )
  }
  await print(`removed ${paths.join(" ")}\n`)
  return 0
}

function removeIfEmpty(directory: string): void {
  try {
    if (readdirSync(directory).length === 0) rmdirSync(directory)
  } catch {
    // Not there, or somebody else's by now.
  }
}
