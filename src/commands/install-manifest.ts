/** What an installation put in place: the one thing that uninstall believes. */

import { readFileSync } from "node:fs"

export interface InstallManifest {
  readonly version: 1
  readonly paths: readonly string[]
}

export const manifestPath = (prefix: string): string => `${prefix}/lib/gantry/manifest.json`

/** undefined: nothing of ours is installed there. */
export function readInstallManifest(prefix: string): InstallManifest | undefined {
  try {
    const parsed = JSON.parse(readFileSync(manifestPath(prefix), "utf8")) as Partial<InstallManifest>
    const isOne = parsed.version === 1 && Array.isArray(parsed.paths)
    return isOne ? (parsed as InstallManifest) : undefined
  } catch {
    return undefined
  }
}
