/** Makes text from outside safe to print: no control character reaches a terminal or breaks a line. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be printed
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu

export function escapeControl(text: string): string {
  return text.replace(unprintable, (character) => {
    if (character === "\n") return "\\n"
    if (character === "\t") return "\\t"
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`
  })
}

/** For sentences: in double quotes, with escapes, 200 characters at most. */
export const quoteShort = (text: string): string => JSON.stringify(shorten(text, 200))

/** At most `limit` characters, with an ellipsis where something was left out. */
export const shorten = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1)}…`
