/** The requirement language, on machines that know more or less of themselves. */

import { checkRequirement } from "../../src/core/requirement/check-requirement.ts"
import { compareVersions } from "../../src/core/text/version.ts"
import { bytesOf, hookTexts } from "../corpus.ts"
import { checkResult, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

const machines = [
  { cuda: "12.4", driver: "550.163.01", arch: "8.0", brand: "Tesla" },
  { cuda: undefined, driver: undefined, arch: undefined, brand: undefined },
  { cuda: "11.0", driver: "450", arch: undefined, brand: "Unknown" },
]

/** An order is one: it says the same from both sides. */
function checkOrder(text: string): string | undefined {
  // Numbers that a float holds: no driver's version has others.
  const versions = text.split(/[^0-9.]+/).filter((one) => one !== "" && !/\d{16}/.test(one))
  for (const one of versions.slice(0, 6))
    for (const other of [...versions.slice(0, 6), "12.4"]) {
      const [there, back] = [compareVersions(one, other), compareVersions(other, one)]
      if (there === undefined || back === undefined) return `${one} and ${other} have no order`
      if (Number.isNaN(there))
        return `${one.slice(0, 40)} and ${other.slice(0, 40)} differ by nothing that is a number`
      if (Math.sign(there) !== -Math.sign(back)) return `${one} and ${other} each come first`
    }
  return undefined
}

export const requirement: FuzzTarget = {
  name: "requirement",
  weight: 14,
  seeds: () =>
    [
      "cuda>=12.1 brand=tesla,driver>=470,driver<471 brand=unknown,driver>=470,driver<471",
      "arch>=7.0,cuda!=11.0 driver<=550.163.01",
      ...new Set(
        hookTexts().flatMap(({ spec }) =>
          [...spec.matchAll(/NVIDIA_REQUIRE_\w+=([^"]*)/g)].map((one) => one[1] ?? ""),
        ),
      ),
    ].map(bytesOf),
  tokens: [
    "cuda",
    "driver",
    "arch",
    "brand",
    ">=",
    "<=",
    "!=",
    "=",
    "<",
    ">",
    "!",
    ",",
    " ",
    "tesla",
    "12.4",
    "9".repeat(400),
  ],
  check(input) {
    const text = new TextDecoder().decode(input)
    return firstOf(
      ...machines.map((facts) => checkResult(checkRequirement(text, facts), () => undefined)),
      checkOrder(text),
    )
  },
}
