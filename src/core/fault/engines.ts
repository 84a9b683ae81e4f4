/** Faults around engines and the installation (GAN5xxx). */

import type { Catalogue } from "./entry.ts"

export interface EngineFaults {
  /** Something that is not ours lies where install would put a file. */
  InstallPlaceTaken: { readonly path: string }
  InstallFailed: { readonly prefix: string; readonly problem: string }
}

export const engineCatalogue: Catalogue<EngineFaults> = {
  InstallPlaceTaken: {
    code: "GAN5001",
    exit: 1,
    says: (d) => `${JSON.stringify(d.path)} exists and was not installed by Gantry`,
    remedies: () => [{ kind: "know", text: "remove the other package first, or choose another prefix" }],
  },
  InstallFailed: {
    code: "GAN5002",
    exit: 1,
    says: (d) => `the installation in ${JSON.stringify(d.prefix)} could not be changed: ${d.problem}`,
    remedies: () => [
      { kind: "know", text: "run it as a user who may write there, then run the same command again" },
    ],
  },
}
