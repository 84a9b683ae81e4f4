/** `nvidia-ctk cdi …`, in the reference's place: same flags, variables, shapes and exit statuses. Each action is loaded when it is asked for. */

import { renderFaultLine } from "../../core/fault/render.ts"
import { fail } from "../../core/fault/result.ts"
import { type Caller, variableOf } from "../caller.ts"
import { usageFault } from "../flags.ts"
import { writeText } from "../report.ts"
import { type CtkAction, type CtkSurroundings, logError, showHelp } from "./ctk-action.ts"
import { parseCtkFlags } from "./ctk-flags.ts"

const actions = {
  generate: (): Promise<CtkAction> => import("./ctk-generate.ts"),
  list: (): Promise<CtkAction> => import("./ctk-list.ts"),
  "transform root": (): Promise<CtkAction> => import("./ctk-transform.ts"),
  help: async (): Promise<CtkAction> => ({ run: () => showHelp(`usage: ${usage}`) }),
}

const usage = "nvidia-ctk cdi generate|list|transform root [flags]"

export interface CtkCdiCall {
  /** Global flags, and no others, may stand in front of the action, as behind it. */
  readonly args: readonly string[]
  readonly host: CtkSurroundings["host"]
  readonly caller: Caller
}

export async function run({ args, host, caller }: CtkCdiCall): Promise<number> {
  const call = readAction(args)
  const refused = refuseFlags("nvidia-ctk cdi", call.flags)
  if (refused !== 0) return refused
  const done =
    call.name === undefined
      ? fail(usageFault({ program: "nvidia-ctk cdi", usage }, "say generate, list or transform root"))
      : await (await actions[call.name]()).run([...call.flags, ...call.args], {
          host,
          variable: (name) => variableOf(caller, name),
        })
  if (done.ok) return 0
  const line = renderFaultLine(done.fault)
  if (call.name !== undefined) logError(line)
  else writeText(2, `${line}\n`)
  return call.name === undefined ? unknownCommandExit : 1
}

/** The exit status of flags in front of a command, which are the global ones: 0, or 1, and then the first that is wrong is told of. */
export function refuseFlags(program: string, flags: readonly string[]): number {
  const parsed = parseCtkFlags(flags, { program, flags: {} }, () => undefined)
  if (parsed.ok) return 0
  logError(renderFaultLine(parsed.fault))
  return 1
}

/** The reference ends so where a command has no such part, and with 1 whatever else is wrong. */
export const unknownCommandExit = 3

interface ActionCall {
  /** undefined: there is no such action. */
  readonly name: keyof typeof actions | undefined
  /** In front of it. */
  readonly flags: readonly string[]
  readonly args: readonly string[]
}

function readAction(all: readonly string[]): ActionCall {
  const [place = all.length] = all.flatMap((word, index) =>
    word.startsWith("-") || /^--?config$/.test(all[index - 1] ?? "") ? [] : [index],
  )
  // Behind the action flags begin anew.
  const flags = all.slice(0, place).filter((word) => word !== "--")
  const [name, ...args] = all.slice(place)
  const help = { name: "help", flags, args: [] } as const
  if (flags.some(isHelp) || name === undefined || isHelp(name)) return help
  if (name === "generate" || name === "list") return { name, flags, args }
  if (name !== "transform") return { name: undefined, flags, args }
  if (args[0] === "root") return { name: "transform root", flags, args: args.slice(1) }
  return args[0] === undefined || isHelp(args[0]) ? help : { name: undefined, flags, args }
}

const isHelp = (word: string | undefined): boolean => ["--help", "-help", "-h", "help"].includes(word ?? "")
