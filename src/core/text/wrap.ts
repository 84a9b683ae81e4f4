/** Text for a terminal, in lines of bounded width. */

/** Units: columns, of UTF-16 code units each. */
export const terminalWidth = 100

/** Breaks at blanks; a word that is too long stays whole. `hanging`: what every line but the first begins with. */
export function wrapText(text: string, indent: string, hanging: string = indent): readonly string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(" ")) {
    const isStart = line === indent || line === hanging
    if (!isStart && line.length + 1 + word.length > terminalWidth) {
      lines.push(line)
      line = hanging + word
    } else line += isStart ? word : ` ${word}`
  }
  return [...lines, line]
}
