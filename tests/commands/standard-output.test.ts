/** Standard output by its name as a file: with `> log` it is one, to which others write too. */

import { expect, test } from "bun:test"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { temporaryDirectory } from "../temporary-directory.ts"

const root = resolve(import.meta.dir, "../..")
const work = temporaryDirectory("stdout")
const at = (name: string): string => join(work, name)
mkdirSync(at("cdi"))
writeFileSync(
  at("cdi/card.json"),
  '{"cdiVersion":"0.5.0","kind":"v.com/card","devices":[{"name":"a","containerEdits":{"env":["A=1"]}}]}',
)
writeFileSync(at("config.json"), "{}")

const machine = ["--host", join(root, "hosts/one-gpu/machine.json")]
test.each([
  [["cdi", "transform", "root", at("cdi/card.json"), "--from", "/usr", "--to", "/opt", "-o"]],
  [["cdi", "inject", "v.com/card=a", "--spec-dir", at("cdi"), "--config", at("config.json"), "-o"]],
  [["cdi", "generate", ...machine, "--output"]],
  [["host", "record", ...machine, "-o"]],
])("%p keeps what is in that file, and what comes after it is there too", (words) => {
  const run = (output: string): string => {
    const command = '{ echo first; "$@"; echo last; } > "$0"'
    const gantry = [process.execPath, join(root, "src/main.ts"), ...words, output]
    expect(Bun.spawnSync(["sh", "-c", command, at("log"), ...gantry]).exitCode).toBe(0)
    return readFileSync(at("log"), "utf8")
  }
  const dashed = run("-")
  expect(dashed).toMatch(/^first\n[\s\S]+last\n$/)
  for (const name of ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]) expect(run(name)).toBe(dashed)
})
