import { describe, expect, test } from "bun:test"
import { parseUsage } from "../../../src/commands/help/usage-parts.ts"

const flagsOf = (usage: string) => parseUsage(usage).flags.map(({ name, written }) => [name, written])

describe("a usage line taken apart", () => {
  test.each([
    ["gantry info", []],
    ["gantry info [--json]", [["json", "--json"]]],
    [
      "gantry info [--device SELECTOR,…] [--json]",
      [
        ["device", "--device SELECTOR,…"],
        ["json", "--json"],
      ],
    ],
    ["a [--spec-dir DIR]…", [["spec-dir", "--spec-dir DIR…"]]],
    [
      "a [--user NAME|UID[:GID,…]] [--fix]",
      [
        ["user", "--user NAME|UID[:GID,…]"],
        ["fix", "--fix"],
      ],
    ],
    ["a [--amd MODEL[:COUNT[:MODE]]]… x", [["amd", "--amd MODEL[:COUNT[:MODE]]…"]]],
    ["a [--for-engine docker|crio[@VERSION]]…", [["for-engine", "--for-engine docker|crio[@VERSION]…"]]],
    [
      "a --bundle DIR | --last[=N] [--json]",
      [
        ["bundle", "--bundle DIR"],
        ["last", "--last[=N]"],
        ["json", "--json"],
      ],
    ],
    ["a -o FILE", [["output", "-o, --output FILE"]]],
    ["a --output FILE|DIR/ [-o FILE]", [["output", "-o, --output FILE|DIR/"]]],
    [
      "a FILE [--json] | a --from DIR [--json]",
      [
        ["json", "--json"],
        ["from", "--from DIR"],
      ],
    ],
    ["a [--with one,the--other]", [["with", "--with one,the--other"]]],
  ] as const)("%s", (usage, flags) => {
    expect(flagsOf(usage)).toEqual(flags.map((flag) => [...flag]))
  })

  test("its words are what stands between blanks outside brackets", () => {
    expect(parseUsage("a [--x Y[:Z Q]]… --n M | b").words).toEqual([
      "a",
      "[--x Y[:Z Q]]…",
      "--n",
      "M",
      "|",
      "b",
    ])
  })
})
