import { expect, test } from "bun:test"
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { findUnread } from "../../../src/commands/cdi/find-unread.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("unread")
const at = (name: string): string => join(work, name)
const directories = [at("first"), at("second"), at("link")]
mkdirSync(at("first"))
mkdirSync(at("second"))
mkdirSync(at("real"))
symlinkSync("real", at("link"))

const spec = { kind: "v.com/c", deviceNames: ["0", "all"] }
const told = async (path: string): Promise<readonly string[]> =>
  (await findUnread(spec, path, directories)).map(
    ({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`,
  )
const write = (file: string, kind: string, names: readonly string[], entry = "A=1"): void =>
  writeFileSync(
    file,
    JSON.stringify({
      cdiVersion: "0.5.0",
      kind,
      devices: names.map((name) => ({ name, containerEdits: { env: [entry] } })),
    }),
  )

test("where engines look and nobody else has the devices nothing is told", async () => {
  write(at("second/other.json"), "v.com/d", ["0"])
  write(at("second/more.json"), "v.com/c", ["1"])
  writeFileSync(at("second/broken.json"), "{")
  expect(await told(at("first/x.yaml"))).toEqual([])
  expect(await told(at("second/x.yaml"))).toEqual([])
  expect(await told(at("elsewhere/x.yaml"))).toEqual([])
})

test("a file of a directory that wins is told of, and what it takes", async () => {
  write(at("first/x.json"), "v.com/c", ["0", "all"])
  write(at("second/rival.json"), "v.com/c", ["0"], "A=2")
  const rival = at("second/rival.json")
  expect(await told(at("first/x.json"))).toEqual([
    `warning: ${at("first/x.json")}: v.com/c=0 of it is never used: ${rival} wins [GAN4123]: give these devices of ${rival} other names`,
  ])
  write(rival, "v.com/c", ["0"])
  expect(await told(at("first/x.json"))).toEqual([
    expect.stringMatching(/^note: .* wins, with the same edits/),
  ])
  write(at("second/third.json"), "v.com/c", ["0", "all"], "A=3")
  expect(await told(at("first/x.json"))).toEqual([
    expect.stringMatching(/^warning: .*: v\.com\/c=all of it is never used: .*third\.json wins/),
    expect.stringContaining('warning: conflicting device "v.com/c=0"'),
  ])
  for (const name of ["first/x", "second/rival", "second/third"]) rmSync(at(`${name}.json`))
})

test("a directory that engines pass over is told of, by whichever name it was written to", async () => {
  for (const path of [at("link/x.yaml"), at("real/x.yaml")])
    expect(await told(path)).toEqual([
      expect.stringContaining(`warning: ${at("link")}: engines find no CDI specifications there`),
    ])
})

test("and not where they look into it by its own name", async () => {
  const both = [at("link"), at("real")]
  for (const path of [at("link/x.yaml"), at("real/x.yaml")])
    expect(await findUnread(spec, path, both)).toEqual([])
})
