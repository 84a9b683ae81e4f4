/** Modes that somebody wrote as chmod has them, and that were read as decimal numbers: `666` is 1232. Nobody wants what is sticky here. */

/** The mode that was meant; undefined: it is one. */
export const meantMode = (mode: number): number | undefined =>
  mode > 0o777 && mode < 0o2000 && /^[0-7]{3}$/.test(String(mode))
    ? Number.parseInt(String(mode), 8)
    : undefined
