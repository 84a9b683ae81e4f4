/** What the actions of `gantry cdi` have in common: their help, where they look for specifications, and what they tell of a wrong call. */

import { describe, expect, test } from "bun:test"
import { resolve } from "node:path"
import {
  cdiShape,
  checkDirectories,
  directoriesOf,
  misused,
  unexpected,
} from "../../../src/commands/cdi/cdi-flags.ts"
import { type Flags, parseFlags } from "../../../src/commands/flags.ts"
import { fail, ok } from "../../../src/core/fault/result.ts"

const shape = cdiShape({ usage: "list [--spec-dir DIR]…", valued: ["spec-dir"], switches: ["json"] })
const flagsOf = (...args: readonly string[]): Flags => {
  const flags = parseFlags(args, shape)
  if (!flags.ok) throw new Error(flags.fault.tag)
  return flags.value
}
const wrong = (problem: string) =>
  fail({
    tag: "UsageInvalid",
    data: { program: "gantry cdi", problem, usage: "gantry cdi list [--spec-dir DIR]…" },
  })

describe("where specifications are looked for", () => {
  test.each<[args: readonly string[], directories: readonly string[]]>([
    [[], ["/etc/cdi", "/var/run/cdi"]],
    [["--spec-dir=/b"], ["/b"]],
    [
      ["--spec-dir", "/b", "--spec-dir=/a"],
      ["/b", "/a"],
    ],
  ])("%p: %p", (args, directories) => {
    expect(directoriesOf(flagsOf(...args))).toEqual(directories)
    expect(checkDirectories(flagsOf(...args), shape)).toEqual(ok(directories))
  })

  test("is an absolute path, or the first that is none is told", () => {
    const flags = flagsOf("--spec-dir=/a", "--spec-dir=b", "--spec-dir=c/")
    expect(checkDirectories(flags, shape)).toMatchObject(wrong('"b" is not an absolute path'))
  })
})

test("a wrong call is told with the action's usage", () => {
  expect(misused(shape, "why")).toMatchObject(wrong("why"))
  expect(unexpected(shape, "x")).toMatchObject(wrong('unexpected "x"'))
})

test("every action has help by two names, beside switches of its own or none", () => {
  expect(shape.switches).toEqual(["help", "h", "json"])
  expect(cdiShape({ usage: "", valued: [] }).switches).toEqual(["help", "h"])
  for (const flag of ["--help", "-h"]) {
    const program = resolve(import.meta.dir, "../../../src/main.ts")
    const ran = Bun.spawnSync([process.execPath, program, "cdi", "list", flag, "--spec-dir=relative"])
    expect([ran.exitCode, ran.stderr.toString()]).toEqual([0, ""])
    expect(ran.stdout.toString()).toContain(
      "\nusage: gantry cdi list [--spec-dir DIR]… [--host live|DIR|FILE] [--json]\n",
    )
  }
})
