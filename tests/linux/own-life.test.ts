import { expect, test } from "bun:test"
import { join } from "node:path"

const source = JSON.stringify(join(import.meta.dir, "../../src/linux/own-life.ts"))
const run = (script: string) =>
  Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "ignore" })

test("memory beyond the limit is refused to what allocates it", async () => {
  const child = run(`
    import { dlopen, FFIType } from "bun:ffi"
    import { boundOwnLife } from ${source}
    const { symbols } = dlopen("libc.so.6", { malloc: { args: [FFIType.u64], returns: FFIType.u64 } })
    boundOwnLife({ timeLimitMs: 60_000, memoryBytes: 256 * 1024 * 1024 })
    let mebibytes = 0
    while (mebibytes < 4096 && symbols.malloc(32n * 1024n * 1024n) !== 0n) mebibytes += 32
    console.log(mebibytes)`)
  const mebibytes = Number(await new Response(child.stdout).text())
  expect(mebibytes).toBeGreaterThan(0)
  expect(mebibytes).toBeLessThanOrEqual(256)
})

test("when the time is over the kernel ends the process, whatever it does", async () => {
  const child = run(`
    import { boundOwnLife } from ${source}
    boundOwnLife({ timeLimitMs: 50, memoryBytes: 1024 ** 3 })
    for (;;);`)
  await child.exited
  expect(child.signalCode).toBe("SIGALRM")
})
