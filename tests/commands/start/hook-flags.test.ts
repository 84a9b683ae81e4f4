import { expect, test } from "bun:test"
import { parseHookFlags } from "../../../src/commands/start/hook-flags.ts"

test.each<[args: readonly string[], kind: string]>([
  [["prestart"], "prestart"],
  [["-debug", "prestart"], "prestart"],
  [["--debug=T", "-config", "x", "prestart", "-bad"], "prestart"],
  [["--", "prestart"], "prestart"],
  [["-debug=maybe", "prestart"], "wrong"],
  [["---debug", "prestart"], "wrong"],
  [["-=x", "prestart"], "wrong"],
  [["-config"], "wrong"],
  [["-"], "wrong"],
  [[], "wrong"],
  [["-version"], "version"],
  [["-version=false", "prestart"], "prestart"],
  [["-profile", "2020-07", "-version"], "wrong"],
  [["-h"], "help"],
  [["--help", "prestart"], "help"],
  [["poststop"], "nothing"],
  [["-injector", "native", "poststart"], "nothing"],
  [["-injector", "magic", "prestart"], "wrong"],
])("%j is %s", (args, kind) => {
  expect(parseHookFlags(args).kind).toBe(kind as never)
})

test("an empty -config counts as none; the last of a flag counts", () => {
  expect(parseHookFlags(["-config", "", "prestart"])).toMatchObject({ configPath: undefined })
  expect(parseHookFlags(["-config", "a", "-config=b", "prestart"])).toMatchObject({ configPath: "b" })
})
