/**
 * One executable, many names: picks the command by the name it was called by, else by its first argument, and loads only that
 * command's code.
 */

import { writeSync } from "node:fs"
import { baseName } from "./core/text/path.ts"

interface Command {
  run(args: readonly string[], programName: string): number | Promise<number>
}

const hook = (): Promise<Command> => import("./commands/start/hook.ts")

const containerCli = (): Promise<Command> => import("./commands/container-cli/container-cli.ts")

const cdiHook = (): Promise<Command> => import("./commands/cdi-hook/cdi-hook.ts")

const ctk = (): Promise<Command> => import("./commands/ctk/ctk.ts")

const names: Readonly<Record<string, () => Promise<Command>>> = {
  "nvidia-container-runtime-hook": hook,
  "nvidia-container-toolkit": hook,
  "nvidia-container-cli": containerCli,
  "nvidia-cdi-hook": cdiHook,
  "nvidia-ctk": ctk,
}

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  explain: () => import("./commands/explain.ts"),
  info: () => import("./commands/info.ts"),
  driver: () => import("./commands/driver.ts"),
  cdi: () => import("./commands/cdi/cdi.ts"),
  host: () => import("./commands/host.ts"),
  simulate: () => import("./commands/simulate.ts"),
  install: () => import("./commands/install.ts"),
  uninstall: () => import("./commands/uninstall.ts"),
  version: () => import("./commands/version.ts"),
  "--version": () => import("./commands/version.ts"),
  help: () => import("./commands/help/help.ts"),
  "--help": () => import("./commands/help/help.ts"),
  "-h": () => import("./commands/help/help.ts"),
  hook,
  launched: () => import("./commands/start/launched.ts"),
  "observe-nvml": () => import("./commands/observe-nvml.ts"),
  "nvidia-container-cli": containerCli,
  "nvidia-cdi-hook": cdiHook,
  "nvidia-ctk": ctk,
}

async function main(): Promise<number> {
  const name = baseName(process.argv0)
  const args = process.argv.slice(2)
  const byName = Object.hasOwn(names, name) ? names[name] : undefined
  if (byName !== undefined) return (await byName()).run(args, name)
  const [word = "help", ...rest] = args
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined
  if (command !== undefined) return (await command()).run(rest, `gantry ${word}`)
  return (await import("./commands/help/help.ts")).refuse(word)
}

let status = 1
try {
  status = await main()
} catch (error) {
  // Faults are values; what is thrown is a bug of ours, and no stack trace helps who reads it in an engine's log.
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  // Bun (1.4.5) throws this where no memory may be made executable and src/linux/libc.ts is loaded. By its words, since it has no code;
  // tests/e2e/no-calls.test.ts tells when they change.
  if (text.includes("requires the JIT"))
    status = await (await import("./commands/tell-no-calls.ts")).tellNoCalls(text)
  else writeSync(2, `gantry: internal error, please report it: ${text.replaceAll("\n", " ")}\n`)
}
// Everything was written synchronously; taking the engine down in good order costs a millisecond and a half.
process.exit(status)
