import { expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dir, "../../..")

function gantry(...args: readonly string[]) {
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...args])
  return { exit: ran.exitCode, stdout: String(ran.stdout), stderr: String(ran.stderr) }
}

/** What other programs call, and other words for the same. */
const untold = ["hook", "launched", "observe-nvml", "--version", "--help", "-h"]

const [, table = ""] = readFileSync(join(root, "src/main.ts"), "utf8").split("\nconst commands")
const commands = [...(table.split("\n}\n")[0] ?? "").matchAll(/^ {2}"?([\w-]+)"?[:,]/gm)]
  .map(([, name = ""]) => name)
  .filter((name) => !untold.includes(name))

test("help, and the answer to a word that is no command, name every command", () => {
  expect(commands).toContain("cdi")
  expect(commands).toContain("nvidia-ctk")
  const { exit, stdout } = gantry("help")
  expect(exit).toBe(0)
  for (const name of commands) if (name !== "help") expect(stdout).toContain(`  gantry ${name}`)
  const refused = gantry("doktor")
  expect(refused).toMatchObject({ exit: 2, stdout: "" })
  expect(refused.stderr).toStartWith('gantry: unknown command "doktor" [GAN1001]: ')
  const [, words = ""] = refused.stderr.split("usage: gantry ")
  expect(words.trim().split("|").sort()).toEqual([...commands].sort())
})

test("of a usage that is longer than a line shows, wrong usage says where it is told", () => {
  for (const command of ["cdi generate", "cdi watch", "simulate up", "cdi verify"]) {
    const { exit, stderr } = gantry(...command.split(" "), "--bogus")
    expect(exit).toBe(2)
    expect(stderr).not.toContain("…\n")
    const [, program = ""] = / see (.*) --help\n$/.exec(stderr) ?? []
    if (command === "cdi verify") expect(stderr).toContain("usage: gantry cdi verify ")
    else expect(gantry(...program.split(" ").slice(1), "--help")).toMatchObject({ exit: 0, stderr: "" })
  }
})

test("help with CDI names every action, and what it is for", () => {
  const { exit, stdout, stderr } = gantry("cdi", "--help")
  expect([exit, stderr]).toEqual([0, ""])
  const told = stdout.match(/^ {2}[a-z]+ +[A-Za-z]+/gm) ?? []
  expect(told.map((line) => line.trim().split(" ")[0] ?? "").sort()).toEqual([...actions].sort())
})

const actions = [
  "generate",
  "watch",
  "list",
  "inspect",
  "resolve",
  "validate",
  "verify",
  "inject",
  "diff",
  "transform",
]

test("each flag that help shows is in a document for users", () => {
  const documents = [
    "README.md",
    ...readdirSync(join(root, "docs"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ].map((name) => readFileSync(join(root, name), "utf8"))
  const written = new Set(documents.flatMap((text) => text.match(/(?<![\w-])--?[a-z][a-z0-9-]*/g) ?? []))
  const calls = [
    ...["explain", "info", "driver", "host", "simulate", "install", "uninstall"].map((name) => [name]),
    ...actions.map((name) => ["cdi", name]),
  ]
  const shown = calls.flatMap((call) => {
    const { exit, stdout } = gantry(...call, "--help")
    expect([call, exit]).toEqual([call, 0])
    return stdout.match(/(?<=[ [|])--?[a-z][a-z0-9-]*/g) ?? []
  })
  expect(new Set(shown).size).toBeGreaterThan(50)
  expect([...new Set(shown)].filter((flag) => !written.has(flag))).toEqual([])
})

test("help shows how actions on specifications are called as the page on CDI does", () => {
  const page = readFileSync(join(root, "docs/cdi.md"), "utf8")
  // A call goes on where the next line is indented; before what may be left out stands whose call it is.
  const calls = [...page.matchAll(/^gantry cdi ([^[\n]*)((?:\[|--).*(?:\n {10}.*)*)/gm)]
  const compared = calls.flatMap(([, whose = "", said = ""]) => {
    const parts = said.match(/\[(?=-|[A-Z])(?:[^[\]]|\[[^\]]*\])*\]/g) ?? []
    const named = actions.filter((action) => whose.split(/[| ]/).includes(action))
    for (const action of parts.length > 0 ? named : []) {
      const { stdout } = gantry("cdi", action, "--help")
      expect([action, parts.filter((part) => !stdout.includes(part))]).toEqual([action, []])
    }
    return parts.length > 0 ? named : []
  })
  expect([...new Set(compared)].sort()).toEqual(actions.toSorted())
})
