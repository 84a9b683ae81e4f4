import { expect, test } from "bun:test"
import { ownHookProgram } from "../../src/commands/own-hook-program.ts"

test.each([
  ["/opt/gantry/bin/gantry", "/opt/gantry/bin/gantry"],
  ["/opt/gantry/bin/gantry (deleted)", "/opt/gantry/bin/gantry"],
  ["/usr/bin/bun", "/usr/local/bin/gantry"],
])("of %p the hooks' program is %p", (own, program) => {
  expect(ownHookProgram(own)).toBe(program)
})
