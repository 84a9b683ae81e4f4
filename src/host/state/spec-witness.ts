/**
 * What proves that CDI specifications, and the nodes that they name, are as they were when a container was planned from them: stamps of
 * their directories, of every file that was read, and of the nodes. Loaded only where specifications are read.
 */

import type { HostFiles } from "../../core/host/host.ts"
import { hostPath } from "../../core/text/brand.ts"
import { beginWitness } from "./make-proof.ts"
import type { Proof } from "./stamp.ts"

export interface SpecWitness {
  /** `places`: files and nodes that were looked at. undefined: something changed meanwhile, or there are too many to look at again. */
  prove(places: readonly string[]): Proof | undefined
  /** `known`: a proof that held after the witness began. With other places. undefined: as for prove. */
  proveBeside(known: Proof, places: readonly string[]): Proof | undefined
}

/** To look at more at every start would cost more than to plan. */
const placeLimit = 1000

/** To be called before anything is read. */
export function beginSpecWitness(host: HostFiles, directories: readonly string[]): SpecWitness {
  const witness = beginWitness(host, directories.map(hostPath))
  const prove: SpecWitness["prove"] = (places) => {
    const all = [...directories, ...places].map(hostPath)
    const proof = all.length > placeLimit ? undefined : witness.prove(all)
    return proof === undefined || proof.stamps.length === 0 ? undefined : proof
  }
  return {
    prove,
    proveBeside({ stamps, links }, places) {
      const proof = stamps.length > placeLimit ? undefined : prove(places)
      const own = new Set(proof?.stamps.map(([path]) => path))
      return (
        proof && {
          stamps: [...proof.stamps, ...stamps.filter(([path]) => !own.has(path))],
          links: [...proof.links, ...links],
        }
      )
    },
  }
}
