/** Compiles a program of the benchmark with Gantry's own flags, and sees to it that Gantry itself is built. */

import { join } from "node:path"
import { mustRun } from "../tests/e2e/bundle.ts"

const buildScript = join(import.meta.dir, "../scripts/build.mjs")

interface BuildScript {
  compile(entry: string, output: string): void
}

/** `source`: a file of this folder. Returns `output`. */
export async function compileProgram(source: string, output: string): Promise<string> {
  // In a process of its own: what it says is not for our standard output.
  mustRun(process.execPath, [buildScript])
  const { compile } = (await import(buildScript)) as BuildScript
  compile(join(import.meta.dir, source), output)
  return output
}
