/** A page of help: what the command is for, how it is called, and what each of its words and flags means. Width: 100 columns. Pure. */

import { terminalWidth, wrapText } from "../../core/text/wrap.ts"
import { type CommandHelp, sharedFlags } from "./command-help.ts"
import { parseUsage } from "./usage-parts.ts"

/** Behind this column stands what a word or flag means. */
const meaningColumn = 28
/** Behind this one what an action is for. */
const actionColumn = 14
/** Behind this one what a line of usage has too much. */
const usageColumn = 10

export function renderHelp(command: string, usage: string, help: CommandHelp): string {
  const { words, flags } = parseUsage(usage)
  const operands = Object.entries(help.operands ?? {}).flatMap(([name, meaning]) => entry(name, meaning))
  const meanings = flags.flatMap(({ name, written }) => entry(written, meaningOf(name, help)))
  return [
    ...wrapText(`${command}: ${help.summary}`, "", "  "),
    "",
    ...wrapUsage(words),
    "",
    ...operands,
    ...meanings,
    "",
    ...(help.more === undefined ? [] : [...help.more().flatMap((line) => wrapText(line, "", "  ")), ""]),
    `for example: ${help.example}`,
    `more: ${help.page}`,
    "",
  ].join("\n")
}

/** Of a command that has actions, each with a page of its own. */
export const renderActions = (command: string, actions: ReadonlyMap<string, CommandHelp>): string =>
  [
    `usage: ${command} ACTION …`,
    "",
    ...[...actions].flatMap(([action, { summary }]) => entry(action, summary, actionColumn)),
    "",
    `more: ${command} ACTION --help`,
    "",
  ].join("\n")

/** Empty: nobody has said it. */
export const meaningOf = (flag: string, { flags }: CommandHelp): string =>
  (Object.hasOwn(flags, flag) ? flags[flag] : undefined) ??
  (Object.hasOwn(sharedFlags, flag) ? sharedFlags[flag] : undefined) ??
  ""

function entry(written: string, meaning: string, column: number = meaningColumn): readonly string[] {
  const label = `  ${written}`
  const lines = wrapText(meaning, " ".repeat(column))
  const [first = "", ...rest] = lines
  return label.length + 2 > column ? [label, ...lines] : [label.padEnd(column) + first.trimStart(), ...rest]
}

/** Each way to call it begins a line; a flag in brackets is not broken. */
function wrapUsage(words: readonly string[]): readonly string[] {
  const lines: string[] = []
  let line = "usage:"
  words.forEach((word, index) => {
    const isOtherWay = word === "|" && words[index + 1] === "gantry"
    if (isOtherWay || line.length + 1 + word.length > terminalWidth) {
      lines.push(line)
      line = isOtherWay ? "   or:" : " ".repeat(usageColumn) + word
    } else line += ` ${word}`
  })
  return [...lines, line]
}
