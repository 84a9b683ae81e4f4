/**
 * Faults of input and configuration (GAN1xxx): config.toml, OCI state, config.json, command lines, requests.
 * Where the reference prints a text that people search for, `says` begins with it.
 */

import type { Catalogue } from "./entry.ts"

export interface InputFaults {
  /** A command line that names no known command, or a malformed or unknown flag. */
  UsageInvalid: { readonly program: string; readonly problem: string; readonly usage: string }
}

export const inputCatalogue: Catalogue<InputFaults> = {
  UsageInvalid: {
    code: "GAN1001",
    exit: 2,
    says: (d) => `${d.program}: ${d.problem}`,
    remedies: (d) => [{ kind: "know", text: `usage: ${d.usage}` }],
  },
}
