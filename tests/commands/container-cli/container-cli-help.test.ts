import { expect, test } from "bun:test"
import {
  commandOptions,
  globalOptions,
  type Option,
} from "../../../src/commands/container-cli/container-cli-flags.ts"
import { helpPages, usagePages } from "../../../src/commands/container-cli/container-cli-help.ts"

const shownValue = (shown: string): Option["value"] =>
  shown === "" ? "none" : shown.startsWith("[") ? "optional" : "required"
/** `-d required`, `--device required`. */
const formsOf = ({ name, short, value }: Option): readonly string[] => [
  `--${name} ${value}`,
  ...(short === undefined ? [] : [`-${short} ${value}`]),
]

/** The pages are the reference's, line for line; what is read stands in tables. */
test.each([
  ["", globalOptions],
  ["info", commandOptions.info],
  ["list", commandOptions.list],
  ["configure", commandOptions.configure],
] as const)(
  "%p: help and usage name what is read, each with its letter and its value, and nothing else",
  (page, options) => {
    const read = options.flatMap(formsOf).sort()
    const help = [...helpPages[page].matchAll(/^ +(?:-(\S), +)?--([a-z0-9-]+)(\[?=\S*)?/gm)].flatMap(
      ([, short, name = "", shown = ""]) =>
        formsOf({ name, value: shownValue(shown), ...(short === undefined ? {} : { short }) }),
    )
    expect(help.sort()).toEqual(read)
    const [, bare = "", rest = ""] = /\[-(\S+?)\](.*)/s.exec(usagePages[page]) ?? []
    const usage = [
      ...[...bare].map((letter) => `-${letter} none`),
      ...[...rest.matchAll(/\[(--?)([a-zA-Z0-9-]+?)(?:( \w+|=\w+)|(\[\S+?\]))?\]/g)].flatMap(
        ([, dashes, name, required, optional]) =>
          `${dashes}${name} ${required !== undefined ? "required" : optional !== undefined ? "optional" : "none"}`,
      ),
    ]
    expect(usage.sort()).toEqual(read)
  },
)
