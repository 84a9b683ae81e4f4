/**
 * containerd 2 and a runc that goes with it, which no distribution of ours has: built once by Go from the module proxy, at fixed
 * versions that the checksum database vouches for, and kept in the user's cache for later runs.
 */

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { hasProgram } from "./bundle.ts"

export const containerdVersion = "2.4.2"
const runcVersion = "1.5.2"

const containerdModule = "github.com/containerd/containerd/v2/cmd"
const installs = [
  ["containerd", "ctr", "containerd-shim-runc-v2"].map(
    (name) => `${containerdModule}/${name}@v${containerdVersion}`,
  ),
  [`github.com/opencontainers/runc@v${runcVersion}`],
]

/** Two cores need two minutes, and six where others are at work; a proxy that does not answer must not hold up everything else. */
const buildTimeoutMs = 600_000

export type Built = { readonly directory: string } | { readonly lacks: string }

/** A directory with the programs, or why there is none: Go is missing or too old, the proxy or a cache is not there, it took too long. */
export async function buildContainerd2(): Promise<Built> {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "gantry-tests")
  const directory = join(cache, `containerd-${containerdVersion}-runc-${runcVersion}`)
  if (existsSync(directory)) return { directory }
  if (!hasProgram("go")) return { lacks: "go" }
  // Whoever finds the directory finds all of it; of two builds at once the second is thrown away.
  const unfinished = makeUnfinished(cache)
  if (typeof unfinished === "object") return unfinished
  console.log(
    `gantry: building containerd ${containerdVersion} and runc ${runcVersion} by Go, once: some 160 s of CPU time, into ${directory}`,
  )
  try {
    const deadline = Date.now() + buildTimeoutMs
    for (const packages of installs) {
      const said = await install(packages, unfinished, deadline - Date.now())
      if (said !== "") return { lacks: said }
    }
    try {
      renameSync(unfinished, directory)
    } catch (error) {
      if (!existsSync(directory)) throw error
    }
    return { directory }
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

function makeUnfinished(cache: string): string | { readonly lacks: string } {
  try {
    mkdirSync(cache, { recursive: true })
    return mkdtempSync(join(cache, "unfinished-"))
  } catch (error) {
    return { lacks: `a cache that can be written: ${(error as Error).message}` }
  }
}

/** What Go said last where it failed; empty: nothing, it is done. */
async function install(packages: readonly string[], directory: string, timeoutMs: number): Promise<string> {
  const go = Bun.spawn(["go", "install", "-trimpath", ...packages], {
    env: { ...process.env, GOBIN: directory },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  })
  const said = (await go.stderr.text()).trim().split("\n")
  if ((await go.exited) === 0) return ""
  if (go.signalCode !== null) return `go install within ${buildTimeoutMs / 1000} s`
  return `what go install needs: ${said.at(-1)}`
}
