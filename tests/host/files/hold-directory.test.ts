import { afterAll, describe, expect, test } from "bun:test"
import { mkdirSync, rmSync } from "node:fs"
import { holdDirectory } from "../../../src/host/files/hold-directory.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("hold-directory")
mkdirSync(work, { recursive: true })
afterAll(() => rmSync(work, { recursive: true, force: true }))

describe("a directory is held", () => {
  test("by one after the other, also of one process: who waits does not keep who holds it from its work", async () => {
    const order: string[] = []
    const hold = (name: string) =>
      holdDirectory(work, async (lock) => {
        order.push(`${name} begins`)
        await Bun.sleep(20)
        order.push(`${name} ends`)
        return lock
      })
    expect(await Promise.all([hold("one"), hold("other")])).toEqual(["held", "held"])
    expect(order).toEqual(["one begins", "one ends", "other begins", "other ends"])
  })

  test("by nobody where it is not there", async () => {
    expect(await holdDirectory(`${work}/absent`, async (lock) => lock)).toBe("missed")
  })
})
