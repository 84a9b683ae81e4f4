/** `nvidia-ctk cdi …`, in the reference's place: same flags, variables, shapes and exit statuses. Each action is loaded when it is asked for. */

import { renderFaultLine } from "../core/fault/render.ts"
import { fail } from "../core/fault/result.ts"
import { type Caller, variableOf } from "./caller.ts"
import { type CtkAction, type CtkSurroundings, logError, showHelp } from "./ctk-action.ts"
import { usageFault } from "./flags.ts"
import { writeText } from "./report.ts"

const actions = {
  generate: (): Promise<CtkAction> => import("./ctk-generate.ts"),
  list: (): Promise<CtkAction> => import("./ctk-list.ts"),
  "transform root": (): Promise<CtkAction> => import("./ctk-transform.ts"),
  help: async (): Promise<CtkAction> => ({ run: () => showHelp(`usage: ${usage}`) }),
}

const usage = "nvidia-ctk cdi generate|list|transform root [flags]"

export interface CtkCdiCall {
  /** Global flags may stand in front of the action, as behind it. */
  readonly args: readonly string[]
  readonly host: CtkSurroundings["host"]
  readonly caller: Caller
}

export async function run({ args, host, caller }: CtkCdiCall): Promise<number> {
  const call = readAction(args)
  const done =
    call === undefined
      ? fail(usageFault({ program: "nvidia-ctk cdi", usage }, "say generate, list or transform root"))
      : await (await actions[call.name]()).run(call.args, {
          host,
          variable: (name) => variableOf(caller, name),
        })
  if (done.ok) return 0
  const line = renderFaultLine(done.fault)
  if (call !== undefined) logError(line)
  else writeText(2, `${line}\n`)
  return call === undefined ? unknownCommandExit : 1
}

/** The reference ends so where a command has no such part, and with 1 whatever else is wrong. */
export const unknownCommandExit = 3

interface ActionCall {
  readonly name: keyof typeof actions
  readonly args: readonly string[]
}

/** undefined: there is no such action. */
function readAction(args: readonly string[]): ActionCall | undefined {
  const [place = args.length] = args.flatMap((word, index) =>
    word.startsWith("-") || /^--?config$/.test(args[index - 1] ?? "") ? [] : [index],
  )
  const flags = args.slice(0, place)
  const [name, ...rest] = args.slice(place)
  if (flags.some(isHelp) || name === undefined || isHelp(name)) return { name: "help", args: [] }
  if (name === "generate" || name === "list") return { name, args: [...flags, ...rest] }
  if (name !== "transform") return undefined
  if (rest[0] === "root") return { name: "transform root", args: [...flags, ...rest.slice(1)] }
  return rest[0] === undefined || isHelp(rest[0]) ? { name: "help", args: [] } : undefined
}

const isHelp = (word: string | undefined): boolean => ["--help", "-help", "-h", "help"].includes(word ?? "")
