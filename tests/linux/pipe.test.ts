import { expect, test } from "bun:test"
import { resolve } from "node:path"

const root = resolve(import.meta.dir, "../..")

/** Takes every descriptor but `free`, makes a pipe, and counts what is free then. */
const program = `
  import { closeSync, openSync } from "node:fs"
  import { openPipe } from "./src/linux/pipe.ts"
  openPipe()
  const takeAll = () => {
    const taken = []
    for (;;) try { taken.push(openSync("/dev/null", "r")) } catch { return taken }
  }
  const taken = takeAll()
  for (const one of taken.splice(0, Number(process.argv[1]))) closeSync(one)
  const made = openPipe()
  console.log(made.ok ? "made" : [made.fault.tag, made.fault.data.syscall, made.fault.data.errno].join(" "), takeAll().length)`

test.each([
  [1, "SystemCallFailed pipe EMFILE 1"],
  [2, "SystemCallFailed open EMFILE 2"],
  [3, "made 1"],
])("with %p descriptors left a pipe is made or refused, and none is lost", (free, said) => {
  const limited = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", process.execPath, "-e", program, String(free)]
  const ran = Bun.spawnSync(limited, { cwd: root, timeout: 20_000 })
  expect([ran.stdout.toString().trim(), ran.stderr.toString()]).toEqual([said, ""])
})
