/**
 * Names that a generator gives: `12` and `7` are of one shape, and `0000:1a:00.0` is of another. A word is of its own, also where its letters could
 * be digits; `card1` is none, but the kernel's name of a node.
 */
export function shapeOfName(name: string): string {
  const isOfNumbers = /^0x[0-9a-f]+$/i.test(name) || /[:.-]/.test(name)
  return isOfNumbers ? name.replaceAll(/[0-9a-f]+/gi, "0") : name.replace(/(?<=^(?:card)?)[0-9]+$/, "0")
}
