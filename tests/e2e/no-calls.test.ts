/** A process that may not make memory executable, as in a unit with MemoryDenyWriteExecute. Source: prctl(2), PR_SET_MDWE. */

import { expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryDirectory } from "../temporary-directory.ts"
import { gantryProgram, mustRun, run } from "./bundle.ts"

const work = temporaryDirectory("no-calls")

test("says what is forbidden, and what to allow", () => {
  const program = join(work, "deny")
  writeFileSync(
    `${program}.c`,
    "#include <sys/prctl.h>\n#include <unistd.h>\nint main(int n, char **a) { return prctl(65, 1, 0, 0, 0) || execv(a[1], a + 1); }\n",
  )
  mustRun("cc", ["-o", program, `${program}.c`])
  const { status, stdout, stderr } = run(program, [gantryProgram, "nvidia-cdi-hook", "update-ldcache"])
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
  expect(stderr).toMatch(
    /^no system call can be made: .* \[GAN3003\]: let the process make memory executable/,
  )
  expect(stderr.trim().split("\n")).toHaveLength(1)
})
