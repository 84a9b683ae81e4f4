/** What the command line of the delegated program depends on, on this machine. */

import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs"
import type { DelegateMachine } from "../core/plan/plan-delegate.ts"
import { isAnothers } from "./find-runtime.ts"

export const liveDelegateMachine: DelegateMachine = {
  exists: existsSync,
  isExecutable(path) {
    try {
      if (!statSync(path).isFile()) return false
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  },
  isSuse() {
    try {
      const line = readFileSync("/etc/os-release", "utf8")
        .split("\n")
        .find((one) => one.startsWith("ID_LIKE="))
      const words = (line ?? "").slice("ID_LIKE=".length).replaceAll('"', "").split(" ")
      return words.some((word) => word === "suse" || word === "opensuse")
    } catch {
      return false
    }
  },
}

/** In shadow mode the old tool acts: a program of ours by its name is passed over. */
export const shadowedDelegateMachine: DelegateMachine = {
  ...liveDelegateMachine,
  isExecutable: (path) => liveDelegateMachine.isExecutable(path) && isAnothers(path),
}
