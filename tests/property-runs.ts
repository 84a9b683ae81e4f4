/** How often a property is tried that takes long: as often as it says in `npm test`, a fifth of that in `npm run check`. */
export const propertyRuns = (full: number): number =>
  process.env["GANTRY_QUICK"] === "1" ? Math.ceil(full / 5) : full
