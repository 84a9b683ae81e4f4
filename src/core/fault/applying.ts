/** Faults of applying a plan (GAN3xxx): system calls that failed, containers that cannot be entered or changed. */

import type { Catalogue } from "./entry.ts"

export interface ApplyingFaults {
  /** A system call of an applier failed. `errno` is the symbolic name; `target` what it was applied to. */
  SystemCallFailed: { readonly syscall: string; readonly target: string; readonly errno: string }
  /** Becoming another program failed. */
  ExecFailed: { readonly path: string; readonly errno: string; readonly text: string }
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
  ExecFailed: {
    code: "GAN3002",
    exit: 1,
    says: (d) => `exec failed: ${d.text}: ${JSON.stringify(d.path)}`,
    remedies: (d) => [
      {
        kind: "know",
        text: `make ${d.path === "" ? "nvidia-container-cli.path" : d.path} an executable program`,
      },
    ],
  },
}
