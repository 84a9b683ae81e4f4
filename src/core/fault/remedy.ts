/** What to do about a fault. Commands are argument vectors: shown, never run for the user. */

export type Remedy =
  | {
      readonly kind: "run"
      readonly argv: readonly [string, ...string[]]
      readonly asRoot: boolean
      readonly why: string
    }
  | { readonly kind: "edit"; readonly file: string; readonly change: string; readonly why: string }
  | { readonly kind: "know"; readonly text: string }

/** Only what to know. */
export const know = (text: string): readonly Remedy[] => [{ kind: "know", text }]
