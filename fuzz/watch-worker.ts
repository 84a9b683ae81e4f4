/** Starts a worker, gathers what it says, and ends it when it stands at one input for too long. */

import { readFileSync } from "node:fs"
import type { Message, Share } from "./worker.ts"

type FailureMessage = Extract<Message, { readonly kind: "failure" }>["failure"]
type DoneMessage = Extract<Message, { readonly kind: "done" }>

export interface Watched {
  readonly failures: readonly FailureMessage[]
  readonly done: readonly DoneMessage[]
}

/** Far above the limit for an input, which the worker holds itself when the input ends at all. Units: milliseconds. */
const hangLimitMs = 20_000
const lookIntervalMs = 1000

export async function watchWorker(command: readonly string[], share: Share): Promise<Watched> {
  const child = Bun.spawn([...command, "--worker", JSON.stringify(share)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
  let at = ""
  let sinceMs = performance.now()
  let hangs = false
  const timer = setInterval(() => {
    const now = readPlace(share.placeFile)
    if (now !== at || now === "") [at, sinceMs] = [now, performance.now()]
    else if (performance.now() - sinceMs > hangLimitMs) {
      hangs = true
      child.kill("SIGKILL")
    }
  }, lookIntervalMs)
  const output = await new Response(child.stdout).text()
  const status = await child.exited
  clearInterval(timer)
  const failures: FailureMessage[] = []
  const done: DoneMessage[] = []
  for (const line of output.split("\n").filter((one) => one !== "")) {
    const message = JSON.parse(line) as Message
    if (message.kind === "done") done.push(message)
    else failures.push(message.failure)
  }
  if (status !== 0 || hangs) {
    const [target = "", index = "0"] = readPlace(share.placeFile).split(" ")
    const problem = hangs ? `no end within ${hangLimitMs / 1000} seconds` : `its process ended with ${status}`
    failures.push({ target, seed: share.seed, index: Number(index), problem, base64: "" })
  }
  return { failures, done }
}

function readPlace(file: string): string {
  try {
    return readFileSync(file, "utf8").trim()
  } catch {
    return ""
  }
}
