/** Names that a generator gives: `12` and `7` are of one shape, and `0000:1a:00.0` is of another. */
export const shapeOfName = (name: string): string => name.replaceAll(/[0-9a-f]+/gi, "0")
