/**
 * What a word without quotes means to the loaders that engines have: a number, a truth value, null or a text.
 * Source: observed on the reference's loader, which reads every specification as YAML 1.1 (facts §6.2): octal `010`, hexadecimal, binary,
 * underscores in numbers, `yes` and `on`; no numbers to base 60, and what looks like a date is a text.
 */

import type { SpecScalar } from "./spec-node.ts"

/** Each spelling by itself, since no other counts: `yES` is a text. */
const words: ReadonlyMap<string, SpecScalar> = new Map([
  ...meaning("y Y yes Yes YES true True TRUE on On ON", { kind: "boolean", value: true }),
  ...meaning("n N no No NO false False FALSE off Off OFF", { kind: "boolean", value: false }),
  ...meaning("~ null Null NULL", { kind: "null" }),
  ...meaning(".inf .Inf .INF +.inf +.Inf +.INF", { kind: "float", value: Number.POSITIVE_INFINITY }),
  ...meaning("-.inf -.Inf -.INF", { kind: "float", value: Number.NEGATIVE_INFINITY }),
  ...meaning(".nan .NaN .NAN", { kind: "float", value: Number.NaN }),
])

function meaning(forms: string, scalar: SpecScalar): readonly (readonly [string, SpecScalar])[] {
  return forms.split(" ").map((form) => [form, scalar] as const)
}

const integer = /^([-+]?)(?:(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)|0([0-7]*)|([1-9][0-9]*))$/
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
/** Here an underscore stands between digits, and elsewhere anywhere. */
const dottedFloat = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/
/** With its sign behind the prefix. */
const signedBinary = /^0b([-+])([01]+)$/

/** No number needs more, and the work on one grows with the square. Units: characters. */
const numberLimit = 400

const int64Min = -(2n ** 63n)
const uint64Max = 2n ** 64n - 1n
const int64Max = 2n ** 63n - 1n

export function resolvePlain(text: string): SpecScalar {
  if (text === "") return { kind: "null" }
  const word = words.get(text)
  if (word !== undefined) return word
  // Nearly every word begins so, and no number does.
  if (/^[A-Za-z/]/.test(text)) return { kind: "text", value: text }
  if (text.length <= numberLimit && /^[-+0-9]/.test(text)) {
    const digits = text.replaceAll("_", "")
    const whole = wholeNumber(digits)
    if (whole !== undefined) return { kind: "integer", value: whole }
    const value = float.test(digits) ? Number(digits) : Number.NaN
    if (Number.isFinite(value)) return { kind: "float", value }
  }
  if (text.length <= numberLimit && dottedFloat.test(text)) {
    const value = Number(text.replaceAll("_", ""))
    if (Number.isFinite(value)) return { kind: "float", value }
  }
  return { kind: "text", value: text }
}

function wholeNumber(digits: string): bigint | undefined {
  const [, binarySign, bits] = signedBinary.exec(digits) ?? []
  if (bits !== undefined) {
    const size = BigInt(`0b${bits}`)
    const value = binarySign === "-" ? -size : size
    return value < int64Min || value > int64Max ? undefined : value
  }
  const match = integer.exec(digits)
  if (match === null) return undefined
  const [, sign = "", prefixed, octal, decimal] = match
  const size =
    prefixed !== undefined
      ? BigInt(prefixed.toLowerCase())
      : octal !== undefined
        ? BigInt(`0o${octal === "" ? "0" : octal}`)
        : BigInt(decimal ?? "0")
  const value = sign === "-" ? -size : size
  if (value < int64Min || value > uint64Max) return undefined
  // Above what an int64 holds a sign is not understood.
  return value > int64Max && sign !== "" ? undefined : value
}

/**
 * A number with a fraction where a string belongs, as the reference's loader writes it: six digits decide about the exponent, and
 * no more is kept than a float32 holds.
 */
export function floatText(value: number): string {
  const narrow = Math.fround(value)
  if (Number.isNaN(narrow)) return "NaN"
  if (!Number.isFinite(narrow)) return narrow > 0 ? "+Inf" : "-Inf"
  if (Object.is(narrow, -0)) return "-0"
  let digits = 0
  let written = narrow.toExponential(digits)
  while (digits < 8 && Math.fround(Number(written)) !== narrow) written = narrow.toExponential(++digits)
  const [mantissa = "0", exponentText = "0"] = written.split("e")
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 6)
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`
  return Number(written).toFixed(Math.max(0, digits - exponent))
}
