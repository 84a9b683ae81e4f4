import { expect, test } from "bun:test"
import { floatText, resolvePlain } from "../../../../src/core/cdi/read/resolve-plain.ts"

test.each<[word: string, kind: string, value: unknown]>([
  ["0", "integer", 0n],
  ["-0x10", "integer", -16n],
  ["+7", "integer", 7n],
  ["0777", "integer", 511n],
  ["0o777", "integer", 511n],
  ["0b11", "integer", 3n],
  ["1_2__3", "integer", 123n],
  ["18446744073709551615", "integer", 18446744073709551615n],
  ["-9223372036854775808", "integer", -9223372036854775808n],
  ["18446744073709551616", "float", 2 ** 64],
  ["+18446744073709551615", "float", 2 ** 64],
  ["089", "float", 89],
  ["1.", "float", 1],
  [".5", "float", 0.5],
  [".5_1e1_0", "float", 5_100_000_000],
  [".5__1", "text", ".5__1"],
  ["._5", "text", "._5"],
  [".1e9009", "text", ".1e9009"],
  [".5_", "text", ".5_"],
  [".5e1_", "text", ".5e1_"],
  [".5E3", "float", 500],
  [".5e-1", "float", 0.05],
  [".5e+1", "float", 5],
  ["1.5E+3", "float", 1500],
  ["-1e-3", "float", -0.001],
  ["1e", "text", "1e"],
  ["-", "text", "-"],
  ["+.", "text", "+."],
  ["+9223372036854775807", "integer", 9223372036854775807n],
  ["+9223372036854775808", "float", 2 ** 63],
  ["-9223372036854775809", "float", -(2 ** 63)],
  ["0b-1_0", "integer", -2n],
  ["0B11", "integer", 3n],
  ["0O17", "integer", 15n],
  ["-0b11", "integer", -3n],
  ["0b", "text", "0b"],
  ["0o", "text", "0o"],
  ["0b+", "text", "0b+"],
  [`0b+${"1".repeat(63)}`, "integer", 2n ** 63n - 1n],
  [`0b-1${"0".repeat(63)}`, "integer", -(2n ** 63n)],
  [`0b-1${"0".repeat(62)}1`, "text", `0b-1${"0".repeat(62)}1`],
  ["0b+1", "integer", 1n],
  ["-0b-1", "text", "-0b-1"],
  [`0b+${"1".repeat(64)}`, "text", `0b+${"1".repeat(64)}`],
  ["1e3", "float", 1000],
  ["Yes", "boolean", true],
  ["OFF", "boolean", false],
  ["yES", "text", "yES"],
  ["", "null", undefined],
  ["NULL", "null", undefined],
  [".Nan", "text", ".Nan"],
  ["1e999", "text", "1e999"],
  ["0x", "text", "0x"],
  ["1:30", "text", "1:30"],
  ["2020-01-01", "text", "2020-01-01"],
  ["<<", "text", "<<"],
  ["1".repeat(500), "text", "1".repeat(500)],
])("%s is %s", (word, kind, value) => {
  const scalar = resolvePlain(word)
  expect(scalar.kind as string).toBe(kind)
  expect<unknown>("value" in scalar ? scalar.value : undefined).toEqual(value)
})

test.each<[value: unknown, kind: string, forms: string]>([
  [true, "boolean", "y Y yes Yes YES true True TRUE on On ON"],
  [false, "boolean", "n N no No NO false False FALSE off Off OFF"],
  [undefined, "null", "~ null Null NULL"],
  [Number.POSITIVE_INFINITY, "float", ".inf .Inf .INF +.inf +.Inf +.INF"],
  [Number.NEGATIVE_INFINITY, "float", "-.inf -.Inf -.INF"],
  [Number.NaN, "float", ".nan .NaN .NAN"],
])("%p, a %s, is written as %s", (value, kind, forms) => {
  for (const form of forms.split(" ")) {
    const scalar = resolvePlain(form)
    expect(scalar.kind as string).toBe(kind)
    expect<unknown>("value" in scalar ? scalar.value : undefined).toEqual(value)
  }
})

test.each([
  [1.5, "1.5"],
  [195, "195"],
  [100000, "100000"],
  [1000000, "1e+06"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [123456.789, "123456.79"],
  [1 / 3, "0.33333334"],
  [112.848946, "112.848946"],
  [-0, "-0"],
  [1e300, "+Inf"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
  [Number.NaN, "NaN"],
])("%p as a text is %s", (value, text) => expect(floatText(value)).toBe(text))
