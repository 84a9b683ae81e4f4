/** Faults of the machine (GAN2xxx): what could not be read, what is missing, what does not fit together. */

import type { HostPath } from "../text/brand.ts"
import type { Catalogue } from "./entry.ts"

export interface MachineFaults {
  /** A read of the host failed. `errno` is the symbolic name (`ENOENT`), `syscall` what was tried. */
  HostReadFailed: {
    readonly path: HostPath
    readonly syscall: string
    readonly errno: string
    readonly reason: "absent" | "denied" | "other"
  }
}

export const machineCatalogue: Catalogue<MachineFaults> = {
  HostReadFailed: {
    code: "GAN2001",
    exit: 1,
    says: (d) => `cannot read ${JSON.stringify(d.path)}: ${d.syscall}: ${d.errno}`,
    remedies: (d) => [
      {
        kind: "know",
        text:
          d.reason === "denied"
            ? "run as a user who may read it, usually root"
            : "check that the path exists on this machine",
      },
    ],
  },
}
