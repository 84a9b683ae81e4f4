/** Medians, and the table that people read. Order: as the cases were given. */

import { median, renderMarkdown } from "./markdown.ts"
import type { Counts, Sample } from "./measure.ts"

export interface Row {
  readonly name: string
  readonly samples: readonly Sample[]
  /** Undefined: strace is missing. */
  readonly counts: Counts | undefined
}

export interface Figures {
  readonly name: string
  readonly createMs: number
  readonly createMinMs: number
  readonly createMaxMs: number
  /** Median of the per-round differences to bare runc: noise that lasts longer than a round falls out. */
  readonly createOverBareMs: number
  readonly createRatio: number
  readonly exitMs: number
  readonly exitRatio: number
  readonly cpuMs: number
  readonly cpuOverBareMs: number
  readonly cpuRatio: number
  readonly peakMiB: number
  readonly processes: number | undefined
  readonly systemCalls: number | undefined
}

/** `bare`: same number of samples, of the same rounds. */
export function figuresOf({ name, samples, counts }: Row, bare: readonly Sample[]): Figures {
  const all = (key: keyof Sample): readonly number[] => samples.map((sample) => sample[key])
  const paired = (key: keyof Sample, combine: (own: number, bare: number) => number): number =>
    median(
      samples.flatMap((sample, index) => {
        const other = bare[index]
        return other === undefined ? [] : [combine(sample[key], other[key])]
      }),
    )
  const minus = (own: number, other: number): number => own - other
  const ratio = (own: number, other: number): number => own / other
  return {
    name,
    createMs: median(all("createMs")),
    createMinMs: Math.min(...all("createMs")),
    createMaxMs: Math.max(...all("createMs")),
    createOverBareMs: paired("createMs", minus),
    createRatio: paired("createMs", ratio),
    exitMs: median(all("exitMs")),
    exitRatio: paired("exitMs", ratio),
    cpuMs: median(all("cpuMs")),
    cpuOverBareMs: paired("cpuMs", minus),
    cpuRatio: paired("cpuMs", ratio),
    peakMiB: median(all("peakMiB")),
    processes: counts?.processes,
    systemCalls: counts?.systemCalls,
  }
}

const headings = [
  "case",
  "create ms (min–max)",
  "+ ms over bare",
  "× bare",
  "create→exit ms",
  "× bare",
  "CPU ms",
  "+ CPU ms",
  "× bare",
  "peak MiB",
  "processes",
  "system calls",
]

export function renderTable(figures: readonly Figures[]): string {
  const one = (value: number): string => value.toFixed(1)
  const two = (value: number): string => value.toFixed(2)
  const counted = (value: number | undefined): string =>
    value === undefined ? "n/a (strace missing)" : String(value)
  const rows = figures.map((f) => [
    f.name,
    `${one(f.createMs)} (${one(f.createMinMs)}–${one(f.createMaxMs)})`,
    one(f.createOverBareMs),
    two(f.createRatio),
    one(f.exitMs),
    two(f.exitRatio),
    one(f.cpuMs),
    one(f.cpuOverBareMs),
    two(f.cpuRatio),
    one(f.peakMiB),
    counted(f.processes),
    counted(f.systemCalls),
  ])
  return renderMarkdown(headings, rows)
}
