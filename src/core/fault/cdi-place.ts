/** Where in the text of a CDI specification something stands, and how that is said. */

export interface CdiPlace {
  readonly file: string
  /** 1-based; 0: the specification was made and stands in no text. */
  readonly line: number
  /** 1-based. Units: UTF-16 code units. */
  readonly column: number
  /** As `devices[0].containerEdits.mounts[1].hostPath`; empty: the specification itself. */
  readonly path: string
}

export interface AtPlace {
  readonly place: CdiPlace
}

/** `file:line:column: `, or the file and the path where there is no text. */
export function at({ file, line, column, path }: CdiPlace): string {
  if (line > 0) return `${file}:${line}:${column}: `
  return `${[file, path].filter((part) => part !== "").join(": ")}: `
}
