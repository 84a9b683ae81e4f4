import { expect, test } from "bun:test"
import { ownHookProgram } from "../../../src/commands/cdi/own-hook-program.ts"

test.each([
  ["/opt/gantry/bin/gantry", true, "/opt/gantry/bin/gantry-launcher"],
  ["/opt/gantry/bin/gantry (deleted)", true, "/opt/gantry/bin/gantry-launcher"],
  ["/opt/gantry/bin/gantry", false, "/opt/gantry/bin/gantry"],
  ["/usr/bin/bun", false, "/usr/local/bin/gantry-launcher"],
])("of %p, a launcher beside it: %p, the hooks' program is %p", (own, hasLauncher, program) => {
  expect(ownHookProgram(own, (path) => hasLauncher && path === "/opt/gantry/bin/gantry-launcher")).toBe(
    program,
  )
})
