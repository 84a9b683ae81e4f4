/** Specifications that could not be read for want of descriptors or memory, or by a failing disk. */

import { mayPass } from "../../fault/may-pass.ts"
import type { Registry } from "./registry.ts"

/** What the same files give a moment later may be something else, and no stamp of theirs will tell: nothing that follows is to be remembered. */
export const hasPassingTrouble = ({ findings, rejected }: Registry): boolean =>
  [...findings.map((one) => one.fault), ...rejected.flatMap(({ faults }) => faults)].some(mayPass)
