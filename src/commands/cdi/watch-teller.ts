/** What a watch says of its looks at a machine. One that stays amiss is looked at every half a minute, and nobody reads that in a log. */

import { escapeControl, shorten } from "../../core/text/escape.ts"

/** What is so (`is`) is said once for each time that it becomes so; what was done, whenever it is. */
export type Tell = (line: string, what?: "is" | "done") => Promise<void>

export interface Teller {
  readonly tell: Tell
  /** What is not said until the next one is not so any more. */
  beginLook(): void
}

export function createTeller(print: (text: string) => Promise<void>): Teller {
  let before: ReadonlySet<string> = new Set()
  let now = new Set<string>()
  return {
    async tell(line, what = "is") {
      if (what === "done" || !(before.has(line) || now.has(line)))
        await print(`gantry cdi watch: ${shorten(escapeControl(line), 600)}\n`)
      if (what === "is") now.add(line)
    },
    beginLook() {
      before = now
      now = new Set()
    },
  }
}
