/** Faults of applying a plan (GAN3xxx): system calls that failed, containers that cannot be entered or changed. */

import type { Catalogue } from "./entry.ts"

export interface ApplyingFaults {
  /** A system call of an applier failed. `errno` is the symbolic name; `target` what it was applied to. */
  SystemCallFailed: { readonly syscall: string; readonly target: string; readonly errno: string }
}

export const applyingCatalogue: Catalogue<ApplyingFaults> = {
  SystemCallFailed: {
    code: "GAN3001",
    exit: 1,
    says: (d) => `${d.syscall} failed on ${JSON.stringify(d.target)}: ${d.errno}`,
    remedies: () => [
      { kind: "know", text: "run gantry explain on the container's bundle to see what was planned" },
    ],
  },
}
