/** config.toml, in each profile. */

import { parseConfig } from "../../src/core/request/parse-config.ts"
import { profileNames } from "../../src/core/request/profile.ts"
import { parseToml } from "../../src/core/toml/parse-toml.ts"
import { bytesOf, hookTexts } from "../corpus.ts"
import { checkResult, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

const handMade = [
  'a = 1\n"b c" = "x\\u00e9"\n[d."e"]\nf = [1, 2.5, true, 1979-05-27T07:32:00Z]\n[[g]]\nh = { i = 1, j.k = \'l\' }\n',
  "a = \"\"\"x\\\n  y\"\"\"\nb = '''z'''\nc = 0xff\nd = 1_000\ne = inf\n",
  '[gantry]\nmode = "active"\nprofile = "1.20"\n[nvidia-container-cli]\nload-kmods = true\nenvironment = ["A=1"]\n',
]

export const toml: FuzzTarget = {
  name: "toml",
  weight: 16,
  seeds: () => [...handMade, ...new Set(hookTexts().map(({ config }) => config))].map(bytesOf),
  tokens: [
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    '"""',
    "'''",
    "#",
    "\\u",
    "\\U0010FFFF",
    "true",
    "inf",
    "1e9",
    "_",
  ],
  check(input) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input)
    return firstOf(
      checkResult(parseToml(text), () => undefined),
      ...profileNames.map((profile) => checkResult(parseConfig(text, profile), () => undefined)),
    )
  },
}
