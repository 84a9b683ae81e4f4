/** Takes a machine away that write-machine.ts made: what its manifest names, the nodes that starts made on it, and nothing else. */

import { chmodSync, existsSync, lstatSync, readdirSync, realpathSync, rmdirSync, rmSync } from "node:fs"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { joinPath, parentPath } from "../../core/text/path.ts"
import { manifestName, readManifest } from "../simulated-files.ts"

interface Removed {
  /** Directories that hold what is not ours. Order: innermost first. */
  readonly kept: readonly string[]
}

/** Faults: SimulatedMachineUnknown, SimulatedWriteFailed. */
export function removeMachine(directory: string): Result<Removed> {
  const manifest = readManifest(directory)
  if (manifest === undefined) return fail(fault("SimulatedMachineUnknown", { directory }))
  const failed = (problem: string): Result<never> =>
    fail(fault("SimulatedWriteFailed", { directory, problem }))
  try {
    // Another user could put links in the way between our look and our step, and would then choose what is removed.
    if (lstatSync(`${directory}/${manifestName}`).uid !== process.geteuid?.())
      return failed("another user made it")
    const kept = removePaths(directory, [...new Set([...manifest.paths, ...nodesOfStarts(directory)])].sort())
    rmSync(`${directory}/${manifestName}.new`, { force: true })
    rmSync(`${directory}/${manifestName}`)
    const place = realpathSync(directory)
    if (readdirSync(place).length === 0) rmdirSync(place)
    return ok({ kept })
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}

/** As src/apply/make-nodes.ts makes them. */
function nodesOfStarts(directory: string): readonly string[] {
  return ["/dev", "/dev/nvidia-caps"].flatMap((place) => {
    const isThere = lstatSync(`${directory}${place}`, { throwIfNoEntry: false })?.isDirectory() === true
    return (isThere ? readdirSync(`${directory}${place}`) : [])
      .filter((name) => /^nvidia(\d+|ctl|-uvm|-uvm-tools|-modeset|-cap\d+|-caps)$/.test(name))
      .map((name) => `${place}/${name}`)
      .filter((path) => {
        const stat = lstatSync(`${directory}${path}`, { throwIfNoEntry: false })
        return stat?.isCharacterDevice() === true || path === "/dev/nvidia-caps"
      })
  })
}

/** `paths`: directories before what lies in them. */
function removePaths(directory: string, paths: readonly string[]): readonly string[] {
  const base = realpathSync(directory)
  /** A directory that has become a link leads elsewhere, where nothing is ours. */
  const isWithin = (path: string): boolean =>
    existsSync(`${directory}${parentPath(path)}`) &&
    realpathSync(`${directory}${parentPath(path)}`) === joinPath(base, parentPath(path))
  const entered: string[] = []
  for (const path of paths) {
    const place = `${directory}${path}`
    const stat = isWithin(path) ? lstatSync(place, { throwIfNoEntry: false }) : undefined
    if (stat === undefined) continue
    // Its mode may be one that forbids taking things out.
    if (stat.isDirectory() && (stat.mode & 0o700) !== 0o700) chmodSync(place, 0o700)
    entered.push(path)
  }
  const kept: string[] = []
  for (const path of entered.reverse()) {
    const place = `${directory}${path}`
    const stat = lstatSync(place, { throwIfNoEntry: false })
    if (stat === undefined) continue
    if (!stat.isDirectory()) rmSync(place)
    else if (readdirSync(place).length === 0) rmdirSync(place)
    else kept.push(path)
  }
  return kept
}
