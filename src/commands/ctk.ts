/**
 * `nvidia-ctk`, of which `hook` and `cdi` are served: older CDI specifications name it in place of nvidia-cdi-hook, and scripts generate them
 * with it.
 */

import { fault } from "../core/fault/fault.ts"
import { type Caller, ownCaller } from "./caller.ts"
import { run as runHook } from "./cdi-hook.ts"
import { print, report } from "./report.ts"

const usage =
  "nvidia-ctk [--debug] [--quiet] [--config FILE] hook …, as nvidia-cdi-hook | cdi generate|list|transform root …"

export async function run(
  args: readonly string[],
  _programName: string,
  caller: Caller = ownCaller(args),
): Promise<number> {
  const flags: string[] = []
  let configPath: string | undefined
  let host: string | undefined
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ""
    if (arg === "hook") return await runHook([...flags, ...args.slice(index + 1)], "nvidia-ctk hook", caller)
    if (arg === "cdi")
      return await (await import("./ctk-cdi.ts")).run(args.slice(index + 1), {
        flags,
        configPath,
        host,
        caller,
      })
    // No hook reads it.
    if (/^--?config(=|$)/.test(arg)) {
      configPath = arg.includes("=") ? arg.slice(arg.indexOf("=") + 1) : args[++index]
      continue
    }
    // Our own, so that a simulated machine or a recording can be asked.
    if (arg.startsWith("--host=")) {
      host = arg.slice("--host=".length)
      continue
    }
    if (["--help", "-help", "-h"].includes(arg)) {
      await print(`usage: ${usage}\n`)
      return 0
    }
    if (!arg.startsWith("-"))
      return refuse(`command ${JSON.stringify(arg)} is not served here, only hook and cdi are`)
    flags.push(arg)
  }
  return refuse("a command is missing, and only hook and cdi are served here")
}

const refuse = (problem: string): Promise<number> =>
  report(fault("UsageInvalid", { program: "nvidia-ctk", problem, usage }))
