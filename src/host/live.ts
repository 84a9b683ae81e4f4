/** The machine that this process runs on. */

import { existsSync } from "node:fs"
import type { Host } from "../core/host/host.ts"
import { withNvml } from "./ask-nvml.ts"
import { lstatAt, readDirAt, readFileAt, readLinkAt } from "./file-system.ts"

export function createLiveHost(): Host {
  return withNvml({
    provenance: { kind: "live", name: "live" },
    readFile: (path, range) => readFileAt(path, path, range),
    readDir: (path) => readDirAt(path, path),
    lstat: (path) => lstatAt(path, path),
    readLink: (path) => readLinkAt(path, path),
    exists: existsSync,
    livePath: (path) => path,
  })
}
