/** TOML's words that are not strings: booleans, integers, floats, dates and times. Source: TOML 1.0.0. */

import { ok, type Result } from "../fault/result.ts"
import { type Cursor, syntaxFault } from "./toml-text.ts"
import type { TomlValue } from "./toml-value.ts"

const word = /[^\s,\]}#=]+/y
const decimal = /^[+-]?(0|[1-9](_?[0-9])*)$/
const prefixed = /^0(x[0-9A-Fa-f](_?[0-9A-Fa-f])*|o[0-7](_?[0-7])*|b[01](_?[01])*)$/
const float = /^[+-]?(0|[1-9](_?[0-9])*)(\.[0-9](_?[0-9])*)?([eE][+-]?[0-9](_?[0-9])*)?$/
const special = /^[+-]?(inf|nan)$/
const date = /^(\d{4})-(\d{2})-(\d{2})$/
const dateTime = /^(\d{4})-(\d{2})-(\d{2})[Tt](.+)$/
const time = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?$/
const offsetTime = /^(.+?)([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/
const largest = 9223372036854775807n

/** The cursor stands on the first character of a value that opens no string, array or table. */
export function parseScalar(cursor: Cursor): Result<TomlValue> {
  const start = cursor.at
  word.lastIndex = start
  let text = word.exec(cursor.text)?.[0]
  if (text === undefined) return syntaxFault(cursor, "a value is missing")
  cursor.at = word.lastIndex
  // A date and a time may be separated by one space.
  if (date.test(text)) {
    const rest = / \d\d:[^\s,\]}#=]+/y
    rest.lastIndex = cursor.at
    const clock = rest.exec(cursor.text)?.[0]
    if (clock !== undefined) {
      text += `T${clock.slice(1)}`
      cursor.at = rest.lastIndex
    }
  }
  if (text === "true" || text === "false") return ok({ kind: "boolean", value: text === "true", at: start })
  if (decimal.test(text) || prefixed.test(text)) {
    const digits = text.replaceAll("_", "")
    const value = digits.startsWith("-") ? -BigInt(digits.slice(1)) : BigInt(digits.replace("+", ""))
    if (value > largest || value < -largest - 1n)
      return syntaxFault(cursor, "an integer beyond 64 bits", start)
    return ok({ kind: "integer", value, at: start })
  }
  if (float.test(text)) return ok({ kind: "float", value: Number(text.replaceAll("_", "")), at: start })
  if (special.test(text)) {
    const value = text.endsWith("nan") ? Number.NaN : text.startsWith("-") ? -Infinity : Infinity
    return ok({ kind: "float", value, at: start })
  }
  if (isDateOrTime(text)) return ok({ kind: "datetime", value: text, at: start })
  return syntaxFault(cursor, "no value of TOML looks like this", start)
}

function isDateOrTime(text: string): boolean {
  if (time.test(text)) return true
  const whole = dateTime.exec(text)
  if (whole === null) return date.test(text) && isDate(text)
  const clock = whole[4] ?? ""
  const zoned = offsetTime.exec(clock)
  return isDate(text.slice(0, 10)) && time.test(zoned?.[1] ?? clock)
}

function isDate(text: string): boolean {
  const parts = date.exec(text)
  if (parts === null) return false
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  return days !== undefined && day >= 1 && day <= days
}
