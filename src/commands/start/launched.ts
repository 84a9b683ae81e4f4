/** `gantry launched`: what the launcher starts. The command is the one by whose name the launcher was called. */

import { baseName } from "../../core/text/path.ts"
import { type Caller, launchedCaller, variableOf, writeVerdict } from "../caller.ts"

interface Command {
  run(args: readonly string[], programName: string, caller: Caller): Promise<number>
}

const hook = (): Promise<Command> => import("./hook.ts")

const runtime = (): Promise<Command> => import("./runtime.ts")

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  "nvidia-container-runtime-hook": hook,
  "nvidia-container-toolkit": hook,
  "nvidia-container-runtime": runtime,
  "nvidia-container-runtime.cdi": runtime,
  "nvidia-container-runtime.legacy": runtime,
  "nvidia-container-cli": () => import("../container-cli/container-cli.ts"),
  "nvidia-cdi-hook": () => import("../cdi-hook/cdi-hook.ts"),
  "nvidia-ctk": () => import("../ctk/ctk.ts"),
}

export async function run(): Promise<number> {
  const caller = launchedCaller()
  if (caller === undefined) return (await import("../help/help.ts")).refuse("launched")
  const name = baseName(caller.name)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) return (await import("../help/help.ts")).refuse(name)
  enter(caller.workingDirectory)
  // Directories are made with the permissions that they are given, whatever the engine has masked; its own process keeps its mask.
  process.umask(0o022)
  // Where a user's state lies; nothing else of the caller's environment is obeyed.
  const runtimeDirectory = variableOf(caller, "XDG_RUNTIME_DIR")
  if (runtimeDirectory !== undefined) process.env["XDG_RUNTIME_DIR"] = runtimeDirectory
  const status = await (await command()).run(caller.arguments, name, caller)
  writeVerdict(["exit", String(status)])
  return status
}

/** Bun refuses to start in a directory that is gone, and reads files in others; now it has started. */
function enter(directory: string): void {
  if (directory === "") return
  // The launcher is still there. By its name the directory may be another: mounted over, or one that cannot be said or entered.
  for (const place of [`/proc/${process.ppid}/cwd`, directory])
    try {
      process.chdir(place)
      return
    } catch {
      // It is gone. What is said relative to it will not be found.
    }
}
