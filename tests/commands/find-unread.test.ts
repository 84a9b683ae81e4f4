import { afterAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findUnread } from "../../src/commands/find-unread.ts"
import { renderFaultLine } from "../../src/core/fault/render.ts"

const work = mkdtempSync(join(tmpdir(), "gantry-unread-"))
afterAll(() => rmSync(work, { recursive: true, force: true }))
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
const write = (file: string, kind: string, names: readonly string[]): void =>
  writeFileSync(
    file,
    JSON.stringify({
      cdiVersion: "0.5.0",
      kind,
      devices: names.map((name) => ({ name, containerEdits: { env: ["A=1"] } })),
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
  write(at("second/rival.json"), "v.com/c", ["0"])
  expect(await told(at("first/x.yaml"))).toEqual([
    `warning: ${at("first/x.yaml")}: v.com/c=0 of it is never used: ${at("second/rival.json")} wins [GAN4123]: give these devices of ${at("second/rival.json")} other names`,
  ])
  write(at("second/rival.json"), "v.com/c", ["0", "all", "1"])
  expect(await told(at("first/x.yaml"))).toEqual([
    expect.stringContaining(`: remove ${at("first/x.yaml")}, or give its devices other names`),
  ])
  rmSync(at("second/rival.json"))
})

test("a directory that engines pass over is told of, by whichever name it was written to", async () => {
  for (const path of [at("link/x.yaml"), at("real/x.yaml")])
    expect(await told(path)).toEqual([
      expect.stringContaining(`warning: ${at("link")}: engines find no CDI specifications there`),
    ])
})
