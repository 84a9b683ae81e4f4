/** Loads a kernel module by the kernel's own program: the only child of a start, and only on a machine on which nobody has loaded the driver yet. */

import { readFileSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"

/** A module that finds hardware to wait for can take seconds. Units: milliseconds. */
const limitMs = 10_000

/** The program that the kernel itself would start. Source: kernel documentation, kernel.modprobe. */
function findModprobe(): string {
  try {
    const path = readFileSync("/proc/sys/kernel/modprobe", "utf8").trim()
    if (path.startsWith("/")) return path
  } catch {
    // An old kernel, or one without modules: the usual place.
  }
  return "/sbin/modprobe"
}

/** undefined: it is loaded. The child is not waited for beyond its time: what is stuck in the kernel cannot be killed. */
export async function loadModule(
  module: string,
  program = findModprobe(),
  timeMs = limitMs,
): Promise<Finding | undefined> {
  const problem = await problemOf([program, module], timeMs)
  if (problem === undefined) return undefined
  const notLoaded = fault("ModuleNotLoaded", { module, problem })
  return { severity: "note", fault: notLoaded, evidence: [`${program} ${module}: ${problem}`] }
}

async function problemOf(argv: string[], timeMs: number): Promise<string | undefined> {
  try {
    // An empty environment, nobody's working directory, and nothing of the caller's to write to.
    const child = Bun.spawn(argv, { cwd: "/", env: {}, stdio: ["ignore", "ignore", "ignore"] })
    const ended = await Promise.race([child.exited, Bun.sleep(timeMs)])
    if (ended === undefined) {
      child.kill("SIGKILL")
      child.unref()
      return `modprobe has not ended within ${timeMs / 1000} seconds`
    }
    return ended === 0 ? undefined : `modprobe ended with status ${ended}`
  } catch (error) {
    return `${argv[0]} cannot be started: ${(error as { readonly code?: string }).code ?? String(error)}`
  }
}
