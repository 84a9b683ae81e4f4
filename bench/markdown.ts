/** A Markdown table, padded so that it reads as it is: the first column to the left, figures to the right. */

export function renderMarkdown(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? `${"-".repeat(width + 2)}` : `${"-".repeat(width + 1)}:`)).join("|")}|`
  return [line(headings), rule, ...rows.map(line)].join("\n")
}

/** One thing that was timed, over several rounds. Units: milliseconds. */
export interface Timing {
  readonly case: string
  readonly medianMs: number
  readonly minMs: number
  readonly maxMs: number
}

export const renderTimings = (timings: readonly Timing[]): string =>
  renderMarkdown(
    ["case", "median ms", "min", "max"],
    timings.map((one) => [
      one.case,
      ...[one.medianMs, one.minMs, one.maxMs].map((value) => value.toFixed(2)),
    ]),
  )

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] =
    sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1)
  return (low + high) / 2
}

export const timingOf = (name: string, samplesMs: readonly number[]): Timing => ({
  case: name,
  medianMs: median(samplesMs),
  minMs: Math.min(...samplesMs),
  maxMs: Math.max(...samplesMs),
})
