/** `gantry uninstall --prefix DIR`: takes away what install put there, and nothing else. Twice is as good as once. */

import { readdirSync, rmdirSync, rmSync } from "node:fs"
import { resolve } from "node:path"
import { fault } from "../core/fault/fault.ts"
import { parseFlags, usageFault } from "./flags.ts"
import { manifestPath, readInstallManifest } from "./install-manifest.ts"
import { print, report } from "./report.ts"

const shape = {
  program: "gantry uninstall",
  usage: "gantry uninstall --prefix DIR [--dry-run]",
  valued: ["prefix"],
  switches: ["dry-run", "help", "h"],
}

export function run(args: readonly string[]): number {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  const { values, on, words } = flags.value
  if (on.has("help") || on.has("h")) {
    print(`usage: ${shape.usage}\n`)
    return 0
  }
  const given = values.get("prefix")
  if (given === undefined || words.length > 0)
    return report(usageFault(shape, "name a directory with --prefix"))
  const prefix = resolve(given)
  // Only what lies in this prefix's bin, whatever the manifest says.
  const paths = (readInstallManifest(prefix)?.paths ?? []).filter((path) =>
    /^[^/]+$/.test(path.replace(`${prefix}/bin/`, "")),
  )
  if (paths.length === 0) {
    print(`nothing of Gantry is installed in ${prefix}\n`)
    return 0
  }
  if (on.has("dry-run")) {
    print(`would remove ${paths.join(" ")}\n`)
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
  print(`removed ${paths.join(" ")}\n`)
  return 0
}

function removeIfEmpty(directory: string): void {
  try {
    if (readdirSync(directory).length === 0) rmdirSync(directory)
  } catch {
    // Not there, or somebody else's by now.
  }
}
