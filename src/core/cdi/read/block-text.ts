/**
 * Texts written as blocks (`|`, `>`) at the end of a file: where that ends in the middle of a line, YAML 1.2 adds the end of the line, and loaders of
 * YAML 1.1 do not. Source: observed on the reference's loader (tests/core/cdi/read/read-yaml.test.ts).
 */

import type { Scalar } from "yaml"

/** What a scalar says; of others than such blocks what the package read. `start`, `end`: of the scalar in what was written. */
export function blockText(
  { type, value }: Scalar,
  written: string,
  { start, end }: { readonly start: number; readonly end: number },
): string {
  const text = String(value)
  const isBlock = type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED"
  if (!isBlock || end !== written.length || written.endsWith("\n") || !text.endsWith("\n")) return text
  const [header = "", ...lines] = written.slice(start).split("\n")
  const last = lines.at(-1) ?? ""
  if (!isBlank(last)) return text.slice(0, -1)
  // A last line of blanks belongs to the text as far as it stands further in than the block does.
  const first = lines.find((line) => !isBlank(line)) ?? last
  const isFurther = /^[|>][-+]?[1-9]/.test(header) ? endsInBlanks(text) : last.length > indentOf(first)
  return isFurther ? text.slice(0, -1) : text
}

const isBlank = (line: string): boolean => /^ *$/.test(line)

const indentOf = (line: string): number => line.length - line.replace(/^ +/, "").length

/** Its last line is one of blanks. */
function endsInBlanks(text: string): boolean {
  const last = text.slice(text.lastIndexOf("\n", text.length - 2) + 1, -1)
  return last !== "" && isBlank(last)
}
