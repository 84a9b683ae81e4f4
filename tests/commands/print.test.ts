import { expect, test } from "bun:test"
import { resolve } from "node:path"

const root = resolve(import.meta.dir, "../..")
const perl = Bun.which("perl")

/** As a terminal's other program leaves it: whoever shares an open pipe shares its flags. */
const withoutWaiting = "use Fcntl; fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK) or die; exec @ARGV or die"
const program = 'import { print } from "./src/commands/report.ts"; await print("x".repeat(300_000))'

test.skipIf(perl === null)(
  `a standard output that does not wait gets all of what is larger than it holds${perl === null ? " (missing: perl)" : ""}`,
  async () => {
    const command = [perl ?? "", "-e", withoutWaiting, process.execPath, "-e", program]
    const slowly = ["sh", "-c", '"$@" | (sleep 0.3; wc -c)', "sh", ...command]
    const ran = Bun.spawnSync(slowly, { cwd: root, timeout: 20_000 })
    expect([ran.stdout.toString().trim(), ran.stderr.toString()]).toEqual(["300000", ""])
  },
)

const complaint = `import { report } from "./src/commands/report.ts"
  import { fault } from "./src/core/fault/fault.ts"
  process.exit(await report(fault("UsageInvalid", { program: "p", problem: "x", usage: "u" })))`

test("a complaint that standard error does not take changes no exit status", () => {
  const told = (redirection: string): number | null =>
    Bun.spawnSync(["sh", "-c", `exec "$@" ${redirection}`, "sh", process.execPath, "-e", complaint], {
      cwd: root,
      timeout: 20_000,
    }).exitCode
  expect(["2>/dev/null", "2>/dev/full", "2>&-"].map(told)).toEqual([2, 2, 2])
})
