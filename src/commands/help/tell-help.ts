/** What a command says when it is asked for help. Its texts are loaded for that alone. */

import { print } from "../report.ts"
import { commandHelp } from "./command-help.ts"
import { renderActions, renderHelp } from "./render-help.ts"

/** Prints the page of the command that the usage begins with; 0, as an answer that was asked for. */
export async function tellHelp(usage: string): Promise<number> {
  const command = commandOf(usage)
  const help = command === undefined ? undefined : commandHelp[command]
  await print(
    command === undefined || help === undefined ? `usage: ${usage}\n` : renderHelp(command, usage, help),
  )
  return 0
}

/** Prints what each action of a command is for; 0, as an answer that was asked for. */
export async function tellActions(command: string): Promise<number> {
  const own = Object.entries(commandHelp).filter(([name]) => name.startsWith(`${command} `))
  await print(
    renderActions(command, new Map(own.map(([name, help]) => [name.slice(command.length + 1), help]))),
  )
  return 0
}

/** The longest of those that have a page. */
export const commandOf = (usage: string): string | undefined =>
  Object.keys(commandHelp)
    .filter((command) => `${usage} `.startsWith(`${command} `))
    .sort((one, other) => other.length - one.length)[0]
