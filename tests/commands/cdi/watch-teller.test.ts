import { expect, test } from "bun:test"
import { createTeller } from "../../../src/commands/cdi/watch-teller.ts"

/** What is printed at each of these looks; `!` begins what was done. */
async function said(...looks: readonly (readonly string[])[]): Promise<readonly string[]> {
  let printed = ""
  const teller = createTeller(async (text) => {
    printed += text
  })
  const told: string[] = []
  for (const lines of looks) {
    printed = ""
    teller.beginLook()
    for (const line of lines) await teller.tell(line, line.startsWith("!") ? "done" : "is")
    told.push(printed.replaceAll("gantry cdi watch: ", "").replaceAll("\n", " ").trim())
  }
  return told
}

test("several things that stay so are told once, and again when they come back", async () => {
  const warned = ["A", "B", "as it must be"]
  expect(await said(warned, warned, ["B", "as it must be"], warned)).toEqual([
    "A B as it must be",
    "",
    "",
    "A",
  ])
})

test("what was done is told whenever it is", async () => {
  expect(await said(["A", "!written"], ["A", "!written"], ["!written", "!written"])).toEqual([
    "A !written",
    "!written",
    "!written !written",
  ])
})

test("a line of one look is told once, escaped and not endless", async () => {
  expect(await said(["A\u0007", "A\u0007"])).toEqual(["A\\u0007"])
  expect((await said(["A".repeat(10_000)]))[0]?.length).toBeLessThan(700)
})
