/** `nvidia-ctk`, of which only `hook` is served: older CDI specifications name it in place of nvidia-cdi-hook. */

import { fault } from "../core/fault/fault.ts"
import { run as runHook } from "./cdi-hook.ts"
import { print, report } from "./report.ts"

const usage = "nvidia-ctk [--debug] [--quiet] hook …, as nvidia-cdi-hook"

export async function run(args: readonly string[]): Promise<number> {
  const flags: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ""
    if (arg === "hook") return await runHook([...flags, ...args.slice(index + 1)], "nvidia-ctk hook")
    // The configuration file, which no hook reads.
    if (/^--?config(=|$)/.test(arg)) {
      if (!arg.includes("=")) index++
      continue
    }
    if (["--help", "-help", "-h"].includes(arg)) {
      print(`usage: ${usage}\n`)
      return 0
    }
    if (!arg.startsWith("-")) return refuse(`command ${JSON.stringify(arg)} is not served here, only hook is`)
    flags.push(arg)
  }
  return refuse("a command is missing, and only hook is served here")
}

const refuse = (problem: string): number =>
  report(fault("UsageInvalid", { program: "nvidia-ctk", problem, usage }))
