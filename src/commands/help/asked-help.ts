/** Whether a command line asks for help; the page itself is loaded for who does. */

import type { Flags } from "../flags.ts"

export const isHelpAsked = ({ on }: Pick<Flags, "on">): boolean => on.has("help") || on.has("h")

/** Prints the page of the command whose usage this is. Result: the exit code. */
export const tellHelp = async (usage: string): Promise<number> =>
  (await import("./tell-help.ts")).tellHelp(usage)

/** Prints what each action of a command is for. Result: the exit code. */
export const tellActions = async (command: string): Promise<number> =>
  (await import("./tell-help.ts")).tellActions(command)
