/** A usage line taken apart, so that a page of help never names a flag that the command does not take, nor leaves one out. */

export interface UsageParts {
  /** Words that stay together on one line. */
  readonly words: readonly string[]
  /** Each once. Order: as first said. */
  readonly flags: readonly UsageFlag[]
}

interface UsageFlag {
  readonly name: string
  /** As it is written: `--spec-dir DIR…`. */
  readonly written: string
}

export function parseUsage(usage: string): UsageParts {
  const words = splitOutsideBrackets(usage)
  const flags = new Map<string, string>()
  for (const match of usage.matchAll(/(?<=^|[ [])(?:--([a-z][a-z0-9-]*)|-o(?= ))/g)) {
    const name = match[1] ?? "output"
    if (flags.has(name)) continue
    const end = match.index + match[0].length
    flags.set(name, `${writtenName(name)}${valueAt(usage, end)}`)
  }
  return { words, flags: [...flags].map(([name, written]) => ({ name, written })) }
}

/** Whatever takes `--output` takes `-o`. */
const writtenName = (name: string): string => (name === "output" ? "-o, --output" : `--${name}`)

/** A value's name, up to the blank or the bracket that ends the flag; with `…` where it may be said again. */
function valueAt(usage: string, start: number): string {
  if (!/^ [A-Za-z]|^\[/.test(usage.slice(start))) return ""
  let depth = 0
  let end = start + 1
  if (usage[start] === "[") depth = 1
  for (; end < usage.length; end++) {
    const sign = usage[end]
    if (sign === "[") depth++
    else if (sign === "]") {
      if (depth === 0) break
      depth--
    } else if (sign === " " && depth === 0) break
  }
  return usage.slice(start, end) + (usage[end] === "]" && usage[end + 1] === "…" ? "…" : "")
}

function splitOutsideBrackets(usage: string): readonly string[] {
  const words: string[] = []
  let depth = 0
  let word = ""
  for (const sign of usage) {
    if (sign === "[") depth++
    else if (sign === "]") depth--
    if (sign === " " && depth === 0) {
      words.push(word)
      word = ""
    } else word += sign
  }
  return [...words, word]
}
