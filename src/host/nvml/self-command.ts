/** The command line that starts this program once more. */

import { fileURLToPath } from "node:url"

/** Compiled, the executable is the program; from source, bun is, and must be told which. */
export function selfCommand(): readonly string[] {
  return import.meta.url.includes("/$bunfs/") || import.meta.url.includes("/%24bunfs/")
    ? ["/proc/self/exe"]
    : [process.execPath, fileURLToPath(new URL("../../main.ts", import.meta.url))]
}
