import { expect, test } from "bun:test"
import type { CommandHelp } from "../../../src/commands/help/command-help.ts"
import { renderHelp } from "../../../src/commands/help/render-help.ts"

const help: CommandHelp = {
  summary: "does a thing",
  operands: { FILE: "what it is done to" },
  flags: {
    output: "where it goes",
    "a-flag-with-a-long-name":
      "what it means, in more words than stand behind it on one line of a terminal, so that there are two",
  },
  more: () => ["names: one two"],
  example: "gantry do FILE",
  page: "docs/do.md",
}

test("a page: what for, how, what each word and flag means, an example, where all is told", () => {
  const usage = "gantry do FILE [-o FILE] [--a-flag-with-a-long-name VALUE]… [--json] | gantry do nothing"
  expect(renderHelp("gantry do", usage, help)).toBe(`gantry do: does a thing

usage: gantry do FILE [-o FILE] [--a-flag-with-a-long-name VALUE]… [--json]
   or: gantry do nothing

  FILE                      what it is done to
  -o, --output FILE         where it goes
  --a-flag-with-a-long-name VALUE…
                            what it means, in more words than stand behind it on one line of a
                            terminal, so that there are two
  --json                    JSON, for programs

names: one two

for example: gantry do FILE
more: docs/do.md
`)
})
