import { describe, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { saidOfNvidia } from "../../../src/commands/cdi/said-of-nvidia.ts"
import { commandHelp, sharedFlags } from "../../../src/commands/help/command-help.ts"
import { meaningOf } from "../../../src/commands/help/render-help.ts"
import { commandOf } from "../../../src/commands/help/tell-help.ts"
import { parseUsage } from "../../../src/commands/help/usage-parts.ts"

const root = resolve(import.meta.dir, "../../..")

interface Page {
  readonly command: string
  readonly text: string
  /** In one line, as the command's own. */
  readonly usage: string
}

/** As the command itself shows it. */
function pageOf(command: string): Page {
  const words = command.split(" ").slice(1)
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...words, "-h"])
  expect([command, ran.exitCode, String(ran.stderr)]).toEqual([command, 0, ""])
  const text = String(ran.stdout)
  const [, shown = ""] = text.split("\n\n")
  const usage = shown
    .replace(/^usage: /, "")
    .replaceAll(/\n {3}or:/g, " |")
    .replaceAll(/\n +/g, " ")
  return { command, text, usage }
}

const pages = Object.keys(commandHelp).map(pageOf)

describe.each(pages)("gantry's help, $command", ({ command, text, usage }) => {
  const help = commandHelp[command]
  if (help === undefined) throw new Error(command)
  const { flags } = parseUsage(usage)

  test("says what each flag means that the command takes, and of no other", () => {
    expect(flags.filter(({ name }) => meaningOf(name, help) === "").map(({ name }) => name)).toEqual([])
    const names = flags.map(({ name }) => name)
    expect(Object.keys(help.flags).filter((name) => !names.includes(name))).toEqual([])
    for (const { written } of flags) expect(text).toContain(`\n  ${written}`)
  })

  test("says what each word means that stands for something", () => {
    const withoutFlags = usage.replaceAll(/--?[a-z][a-z0-9-]*(?:\[[^\]]*\]| [^\s\]]+)/g, "")
    const words = withoutFlags.match(/\b(?:[A-Z]{2,}|machine)\b/g) ?? []
    expect(Object.keys(help.operands ?? {})).toEqual([...new Set(words)])
  })

  test("is no wider than a terminal, and leads to a page that is there", () => {
    expect(text.split("\n").filter((line) => line.length > 100)).toEqual([])
    expect(existsSync(join(root, help.page.split(",")[0] ?? ""))).toBe(true)
  })

  test("has an example of this command, with flags that it takes", () => {
    expect(commandOf(help.example)).toBe(command)
    const known = flags.map(({ name }) => `--${name}`)
    const said = help.example.match(/(?<= )--[a-z-]+/g) ?? []
    expect(said.filter((flag) => !known.includes(flag))).toEqual([])
  })
})

test("generate and watch say which flags mean NVIDIA's GPUs, and take each", () => {
  for (const command of ["gantry cdi generate", "gantry cdi watch"]) {
    const { text, usage } = pageOf(command)
    const line = text.split("\n\n").find((part) => part.startsWith("who says one of these"))
    const told = line?.match(/(?<=--)[a-z0-9-]+/g) ?? []
    expect<readonly string[]>(told).toEqual(saidOfNvidia)
    const taken = parseUsage(usage).flags.map(({ name }) => name)
    expect(saidOfNvidia.filter((name) => !taken.includes(name))).toEqual([])
  }
})

test("driver files says every word that it takes", () => {
  const asked = ["driver", "files", "--capability", "no-such-word"]
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...asked])
  const [, known = ""] = /known: ([a-z0-9, ]+) \[/.exec(String(ran.stderr)) ?? []
  const meaning = commandHelp["gantry driver"]?.flags["capability"] ?? ""
  expect(known.split(", ")).toHaveLength(8)
  expect(known.split(", ").filter((word) => !new RegExp(`\\b${word}\\b`).test(meaning))).toEqual([])
})

test("what means the same everywhere is a flag of several commands", () => {
  for (const flag of Object.keys(sharedFlags)) {
    const users = pages.filter(({ command, usage }) => {
      const own = commandHelp[command]?.flags ?? {}
      return !Object.hasOwn(own, flag) && parseUsage(usage).flags.some(({ name }) => name === flag)
    })
    expect([flag, users.length > 1]).toEqual([flag, true])
  }
})
