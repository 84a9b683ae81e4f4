/** A value or the fault that took its place. Expected failures travel as values; only bugs are thrown. */

import type { Fault } from "./fault.ts"

export type Result<T, F = Fault> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: F }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })

export const fail = <F = Fault>(fault: F): { readonly ok: false; readonly fault: F } => ({ ok: false, fault })
