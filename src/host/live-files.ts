/** The machine that this process runs on, but for NVML: no more is loaded at a container's start. */

import { existsSync } from "node:fs"
import type { HostFiles } from "../core/host/host.ts"
import { lstatAt, readDirAt, readFileAt, readLinkAt, readPartsAt } from "./files/file-system.ts"

export const createLiveFiles = (): HostFiles => ({
  provenance: { kind: "live", name: "live" },
  readFile: (path, range) => readFileAt(path, path, range),
  readParts: (path, use) => readPartsAt(path, path, use),
  readDir: (path) => readDirAt(path, path),
  lstat: (path) => lstatAt(path, path),
  readLink: (path) => readLinkAt(path, path),
  exists: existsSync,
  livePath: (path) => path,
})
