/** Which engines this machine has, by what their programs say of themselves. Each is asked for two seconds at most, all at once. */

import { type Engine, type EngineName, readEngineVersion } from "../core/generate/engine-versions.ts"
import { findRuntime } from "./find-runtime.ts"

/** The program that reads specifications: of Docker it is the daemon. */
const programs: { readonly [E in EngineName]: string } = {
  docker: "dockerd",
  containerd: "containerd",
  podman: "podman",
  crio: "crio",
}

/** Units: milliseconds. */
const limitMs = 2000

/** Order: by name. An engine that does not say its version is not told of. */
export async function detectEngines(path: string): Promise<readonly Engine[]> {
  const asked = Object.entries(programs).map(async ([name, program]): Promise<readonly Engine[]> => {
    const found = findRuntime([program], path)
    const said = found === undefined ? undefined : await askVersion(found, path)
    const version = said === undefined ? undefined : readEngineVersion(said)
    return version === undefined ? [] : [{ name: name as EngineName, version }]
  })
  return (await Promise.all(asked)).flat()
}

async function askVersion(program: string, path: string): Promise<string | undefined> {
  try {
    const child = Bun.spawn([program, "--version"], {
      cwd: "/",
      env: { PATH: path },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: limitMs,
    })
    const [text, status] = await Promise.all([new Response(child.stdout).text(), child.exited])
    return status === 0 ? text : undefined
  } catch {
    return undefined
  }
}
