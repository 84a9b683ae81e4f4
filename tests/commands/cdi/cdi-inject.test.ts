/** Where `gantry cdi inject` leaves what it made of a config.json, and what it says of it. */

import { beforeEach, describe, expect, test } from "bun:test"
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join, resolve } from "node:path"
import { temporaryDirectory } from "../../temporary-directory.ts"

const program = [process.execPath, join(resolve(import.meta.dir, "../../.."), "src/main.ts")]
const work = temporaryDirectory("inject")
const at = (name: string): string => join(work, name)

mkdirSync(at("cdi"))
writeFileSync(
  at("cdi/card.json"),
  '{"cdiVersion":"0.5.0","kind":"v.com/card","devices":[{"name":"a","containerEdits":{"env":["A=1"]}}]}',
)
const before = '{"process":{"env":[]}}'
const after = '{"process":{"env":["A=1"]}}'
const config = at("bundle/config.json")

beforeEach(() => {
  rmSync(at("bundle"), { recursive: true, force: true })
  mkdirSync(at("bundle"))
  writeFileSync(config, before, { mode: 0o600 })
})

function inject(...args: readonly string[]) {
  const words = ["cdi", "inject", "v.com/card=a", "--spec-dir", at("cdi"), ...args]
  const ran = Bun.spawnSync([...program, ...words])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}
const read = (path: string): string => readFileSync(path, "utf8")
const source = `v.com/card=a from ${at("cdi/card.json")}\n`

describe("to another file", () => {
  test.each(["-o", "--output"])("by %s: it is for everybody to read, and the config.json stays", (flag) => {
    const made = at("bundle/made.json")
    expect(inject("--config", config, flag, made)).toEqual({
      exit: 0,
      stdout: `${source}${made}: changed\n`,
      stderr: "",
    })
    expect([read(made), statSync(made).mode & 0o777, read(config)]).toEqual([after, 0o644, before])
  })

  test("it is written too where nothing had to be changed", () => {
    writeFileSync(config, after)
    const made = at("bundle/made.json")
    expect(inject("--config", config, "-o", made).stdout).toBe(`${source}${made}: has all of it already\n`)
    expect(read(made)).toBe(after)
  })

  test("where none can be that is told, and not that it was done", () => {
    const nowhere = at("bundle/none/made.json")
    const { exit, stdout, stderr } = inject("--config", config, "-o", nowhere)
    expect([exit, stdout]).toEqual([1, ""])
    expect(stderr).toContain(`"${nowhere}"`)
  })
})

describe("in place", () => {
  test("of a bundle it is its config.json, and nothing else comes to lie there", () => {
    expect(inject("--bundle", at("bundle"))).toMatchObject({
      exit: 0,
      stdout: `${source}${config}: changed\n`,
    })
    expect([read(config), statSync(config).mode & 0o777]).toEqual([after, 0o600])
    expect(readdirSync(at("bundle"))).toEqual(["config.json"])
  })

  test("a link stays one, and what it leads to is changed", () => {
    const link = at("bundle/link.json")
    symlinkSync("config.json", link)
    expect(inject("--config", link).exit).toBe(0)
    expect([lstatSync(link).isSymbolicLink(), read(config)]).toEqual([true, after])
  })
})

describe("to standard output", () => {
  test.each(["-", "/dev/stdout"])("as %s: the text alone, which is no answer in JSON", (name) => {
    expect(inject("--config", config, "-o", name)).toEqual({ exit: 0, stdout: after, stderr: "" })
    expect(inject("--config", config, "-o", name, "--json")).toMatchObject({ exit: 2, stdout: "" })
    expect(read(config)).toBe(before)
  })
})

describe("a dry run", () => {
  test("shows each edit and what would become of which file, also of standard output", () => {
    for (const [output, name] of [
      [[], config],
      [["-o", "-"], "the config.json on standard output"],
      [["-o", "/dev/stdout"], "the config.json on standard output"],
      [["-o", at("bundle/made.json")], at("bundle/made.json")],
    ] as const) {
      const { stdout } = inject("--config", config, "--dry-run", ...output)
      expect(stdout).toStartWith(`v.com/card=a from ${at("cdi/card.json")}:1:`)
      expect(stdout).toEndWith(`\nenv A=1\n${name}: would be changed\n`)
    }
    expect([read(config), existsSync(at("bundle/made.json"))]).toEqual([before, false])
  })

  test("says of a config.json that has all of it that nothing would be", () => {
    writeFileSync(config, after)
    expect(inject("--config", config, "--dry-run").stdout).toEndWith(`${config}: has all of it already\n`)
  })
})

describe("as JSON", () => {
  const told = (...args: readonly string[]) =>
    JSON.parse(inject("--config", config, "--json", ...args).stdout)

  test("it is told which file, whether it is changed, and whether that is only tried", () => {
    expect(told("--dry-run")).toMatchObject({ config, output: config, isChanged: true, isDryRun: true })
    expect(read(config)).toBe(before)
    expect(told()).toMatchObject({
      version: 1,
      devices: [{ name: "v.com/card=a", file: at("cdi/card.json") }],
      containerEdits: { env: ["A=1"] },
      config,
      output: config,
      isChanged: true,
      isDryRun: false,
    })
    expect(read(config)).toBe(after)
    expect(told("-o", at("bundle/made.json"))).toMatchObject({
      output: at("bundle/made.json"),
      isChanged: false,
    })
  })
})

test.each<[what: string, args: readonly string[], problem: string]>([
  ["no file", [], "into what? say --config FILE or --bundle DIR"],
  [
    "two files",
    ["--config", config, "--bundle", at("bundle")],
    "into what? say --config FILE or --bundle DIR",
  ],
  ["a bundle without a name", ["--bundle", ""], "a file's name is not empty"],
  ["an output without a name", ["--config", config, "--output", ""], "a file's name is not empty"],
  [
    "specifications of a relative place",
    ["--config", config, "--spec-dir", "cdi"],
    "is not an absolute path",
  ],
])("%s is wrong usage, and nothing is changed", (_what, args, problem) => {
  const { exit, stdout, stderr } = inject(...args)
  expect([exit, stdout, read(config)]).toEqual([2, "", before])
  expect(stderr).toContain(problem)
})
