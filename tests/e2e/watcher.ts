/** A watch as a process of its own, beside tests that change its machine: at most one at a time, and all that it said. */

import { type ChildProcess, spawn } from "node:child_process"
import { gantryProgram } from "./bundle.ts"

/** Long enough for the busiest machine; nothing here waits for it to pass. Units: milliseconds. */
const patienceMs = 30_000

export interface Watcher {
  start(args: readonly string[], env?: NodeJS.ProcessEnv): void
  /** Of the one that was started last; undefined: none was. */
  process(): ChildProcess | undefined
  /** On both streams, since it was started. */
  said(): string
  /** Throws, with what was said, when it never comes to that. */
  until(what: () => boolean): Promise<void>
  untilSaid(text: string): Promise<void>
  /** Kills what is left. What it has still to say must not be taken for the next one's. */
  end(): void
}

export function createWatcher(): Watcher {
  let watcher: ChildProcess | undefined
  let said = ""
  const until = async (what: () => boolean): Promise<void> => {
    const deadline = Date.now() + patienceMs
    while (!what()) {
      if (Date.now() > deadline) throw new Error(`it never came to that; the watch said:\n${said}`)
      await Bun.sleep(20)
    }
  }
  return {
    start(args, env = {}) {
      said = ""
      watcher = spawn(gantryProgram, ["cdi", "watch", ...args], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...env },
      })
      for (const stream of [watcher.stdout, watcher.stderr])
        stream?.on("data", (chunk: Buffer) => {
          said += chunk.toString()
        })
    },
    process: () => watcher,
    said: () => said,
    until,
    untilSaid: (text) => until(() => said.includes(text)),
    end() {
      for (const stream of [watcher?.stdout, watcher?.stderr]) stream?.removeAllListeners("data")
      if (watcher?.exitCode === null) watcher.kill("SIGKILL")
    },
  }
}
