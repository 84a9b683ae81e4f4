/**
 * `nvidia-ctk`, of which `hook` and `cdi` are served: older CDI specifications name it in place of nvidia-cdi-hook, and scripts generate them
 * with it.
 */

import { fault } from "../../core/fault/fault.ts"
import { type Caller, ownCaller } from "../caller.ts"
import { run as runHook } from "../cdi-hook/cdi-hook.ts"
import { print, report } from "../report.ts"

const usage =
  "nvidia-ctk [--host=live|DIR|FILE] [--debug] [--quiet] [--config FILE] hook …, as nvidia-cdi-hook | cdi generate|list|transform root …"

export async function run(
  args: readonly string[],
  _programName: string,
  caller: Caller = ownCaller(args),
): Promise<number> {
  const flags: string[] = []
  let host: string | undefined
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ""
    const rest = args.slice(index + 1)
    if (arg === "hook") return await runHook([...withoutConfig(flags), ...rest], "nvidia-ctk hook", caller)
    if (arg === "cdi")
      return await (await import("./ctk-cdi.ts")).run({ args: [...flags, ...rest], host, caller })
    // Our own, so that a simulated machine or a recording can be asked.
    if (arg.startsWith("--host=")) {
      host = arg.slice("--host=".length)
      continue
    }
    if (["--help", "-help", "-h", "help"].includes(arg)) return await tell(`usage: ${usage}`)
    if (["--version", "-version", "-v"].includes(arg)) {
      const { version } = await import("../../version.ts")
      return await tell(`NVIDIA Container Toolkit CLI version ${version} (gantry)`)
    }
    if (arg.startsWith("-") && !globalFlag.test(arg))
      return (await import("./ctk-cdi.ts")).refuseFlags("nvidia-ctk", [arg])
    if (!arg.startsWith("-")) {
      await refuse(`command ${JSON.stringify(arg)} is not served here, only hook and cdi are`)
      return (await import("./ctk-cdi.ts")).unknownCommandExit
    }
    flags.push(arg)
    if (/^--?config$/.test(arg)) flags.push(args[++index] ?? "")
  }
  return await tell(`usage: ${usage}`)
}

/** Those in front of a command, and the end of all flags. What their values say is the command's affair. */
const globalFlag = /^(?:--?(?:debug|d|quiet|config)(?:=|$)|--$)/

async function tell(line: string): Promise<number> {
  await print(`${line}\n`)
  return 0
}

/** No hook reads it. */
const withoutConfig = (flags: readonly string[]): readonly string[] =>
  flags.filter((flag, index) => !/^--?config(=|$)/.test(flag) && !/^--?config$/.test(flags[index - 1] ?? ""))

const refuse = (problem: string): Promise<number> =>
  report(fault("UsageInvalid", { program: "nvidia-ctk", problem, usage }))
