/** Faults and findings as JSON for machines: stable code, tag, sentence, remedies as commands or advice. */

import type { Fault } from "./fault.ts"
import type { Finding } from "./finding.ts"
import { faultCode, faultSentence, remediesOf, renderRemedy } from "./render.ts"

export const faultJson = (fault: Fault): object => ({
  code: faultCode(fault),
  tag: fault.tag,
  sentence: faultSentence(fault),
  remedies: remediesOf(fault).map(renderRemedy),
})

export const findingJson = ({ severity, fault, evidence }: Finding): object => ({
  severity,
  ...faultJson(fault),
  evidence,
})
