import { beforeAll, describe, expect, test } from "bun:test"
import { spawn } from "node:child_process"
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryDirectory } from "../temporary-directory.ts"
import { hookProgram, mustRun } from "./bundle.ts"

const work = temporaryDirectory("hostile")
const bundle = join(work, "bundle")
const good = {
  config: join(work, "config.toml"),
  state: `{"pid":1,"bundle":${JSON.stringify(bundle)}}`,
  spec: '{"ociVersion":"1.0.2","process":{},"root":{"path":"rootfs"}}',
}
beforeAll(() => mkdirSync(bundle))

interface Answer {
  readonly exit: number | null
  readonly stderr: string
}

/** Runs the hook; `input` undefined: standard input is /dev/null. */
function runHook(input: string | Uint8Array | undefined, keepOpen = false): Promise<Answer> {
  return new Promise((resolve) => {
    const child = spawn(hookProgram, ["-config", good.config, "prestart"], {
      cwd: work,
      stdio: [input === undefined ? "ignore" : "pipe", "ignore", "pipe"],
    })
    let stderr = ""
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.stdin?.on("error", () => undefined)
    if (input !== undefined) {
      child.stdin?.write(input)
      if (!keepOpen) child.stdin?.end()
    }
    child.on("close", (exit) => {
      child.stdin?.destroy()
      resolve({ exit, stderr })
    })
  })
}

function isClearRefusal({ exit, stderr }: Answer): void {
  expect(exit).toBe(1)
  expect(stderr.trimEnd().split("\n")).toHaveLength(1)
  expect(stderr).toMatch(/\[GAN\d{4}\]: /)
  expect(stderr).not.toContain("internal error")
}

const write = (spec: string, config = ""): void => {
  writeFileSync(join(bundle, "config.json"), spec)
  writeFileSync(good.config, config)
}

describe("hostile input gives one clear line, no trace, no hang", () => {
  const deep = (piece: string, count: number): string => piece.repeat(count)
  const many = deep("1,", 3_000_000)

  test.each<[name: string, state: string]>([
    ["empty", ""],
    ["cut off", '{"pid": 1, "bund'],
    ["deeply nested", deep("[", 1_000_000)],
    ["deeply nested objects", deep('{"a":', 500_000)],
    ["a list", "[]"],
    ["a wrong type", '{"pid": "one"}'],
    ["a pid beyond 64 bits", '{"pid": 9223372036854775808}'],
    ["binary", "\u0000\u0001\u0002"],
    ["longer than anything real", `{"x":"${"y".repeat(9 * 1024 * 1024)}"}`],
    ["a bundle that does not exist", '{"pid": 1, "bundle": "/nowhere/at/all"}'],
    ["a bundle with a NUL", '{"pid": 1, "bundle": "/a\\u0000b"}'],
  ])("state: %s", async (_, state) => {
    write(good.spec)
    isClearRefusal(await runHook(state))
  })

  test("no standard input at all", async () => {
    write(good.spec)
    isClearRefusal(await runHook(undefined))
  })

  test("a pipe that stays open after the state is enough", async () => {
    write(good.spec)
    expect((await runHook(good.state, true)).exit).toBe(0)
  })

  test.each<[name: string, spec: string]>([
    ["empty", ""],
    ["null", "null"],
    ["cut off", good.spec.slice(0, -5)],
    ["deeply nested", deep("[", 1_000_000)],
    ["millions of values, unfinished", `{"x":[${many}`],
    ["a wrong type", '{"ociVersion":1,"process":{},"root":{}}'],
    ["env that is no list", '{"ociVersion":"1.0.2","process":{"env":"A=1"},"root":{}}'],
    ["no process", '{"ociVersion":"1.0.2","root":{}}'],
    [
      "control characters in an entry of env",
      '{"ociVersion":"1.0.2","process":{"env":["\\u001b[2J\\nx"]},"root":{}}',
    ],
  ])("config.json: %s", async (_, spec) => {
    write(spec)
    isClearRefusal(await runHook(good.state))
  })

  test("config.json: a FIFO, a directory, a hundred megabytes", async () => {
    const path = join(bundle, "config.json")
    write(good.spec)
    rmSync(path)
    mustRun("mkfifo", [path])
    isClearRefusal(await runHook(good.state))
    rmSync(path)
    mkdirSync(path)
    isClearRefusal(await runHook(good.state))
    rmSync(path, { recursive: true })
    writeFileSync(path, "{")
    truncateSync(path, 100 * 1024 * 1024)
    isClearRefusal(await runHook(good.state))
    rmSync(path)
  })

  test.each<[name: string, config: string]>([
    ["no TOML", "<<<<<<< HEAD"],
    ["deeply nested", `a = ${deep("[", 1_000_000)}`],
    ["a wrong type", "[features]\nallow-ldconfig-from-container = 1"],
    ["a key of a million parts", `${deep("a.", 1_000_000)}b = 1`],
    ["an unknown mode of ours", '[gantry]\nmode = "x"'],
  ])("config.toml: %s", async (_, config) => {
    write(good.spec, config)
    isClearRefusal(await runHook(good.state))
  })

  test("config.toml: a FIFO", async () => {
    write(good.spec)
    rmSync(good.config)
    mustRun("mkfifo", [good.config])
    isClearRefusal(await runHook(good.state))
    rmSync(good.config)
  })

  test.each<[name: string, value: string]>([
    ["a megabyte of blanks", `${" ".repeat(1_000_000)}x`],
    ["half a million times the same device", "0,".repeat(500_000)],
    ["half a million devices", Array.from({ length: 200_000 }, (_, index) => index).join(",")],
    ["a million commas", ",".repeat(1_000_000)],
  ])("a variable with %s is judged", async (_, value) => {
    const env = [
      `NVIDIA_VISIBLE_DEVICES=${value}`,
      `NVIDIA_DRIVER_CAPABILITIES=${value}`,
      `NVIDIA_REQUIRE_X=${value}`,
    ]
    write(
      JSON.stringify({
        ociVersion: "1.0.2",
        process: { env: [...env, `CUDA_VERSION=${value}`] },
        root: { path: "r" },
      }),
    )
    const { stderr } = await runHook(good.state)
    expect(stderr).not.toContain("internal error")
  })

  test('mode = "off" passes everything by, whatever the state', async () => {
    write("no spec", '[gantry]\nmode = "off"\n')
    expect(await runHook("no state")).toMatchObject({ exit: 0, stderr: "" })
  })

  test.each([[[]], [["unknown"]], [["-bad", "prestart"]], [["-profile", "1.19", "prestart"]], [["-config"]]])(
    "wrong usage %j: exit 2, one line",
    (args) => {
      const ran = Bun.spawnSync([hookProgram, ...args])
      expect(ran.exitCode).toBe(2)
      expect(ran.stderr.toString().trimEnd().split("\n")).toHaveLength(1)
    },
  )

  test.each([[["-h"]], [["poststart"]], [["poststop", "-bad"]], [["-version"]], [["--version=true"]]])(
    "%j does nothing: exit 0",
    (args) => {
      expect(Bun.spawnSync([hookProgram, ...args]).exitCode).toBe(0)
    },
  )

  test("own flags stand among the others in any order", async () => {
    write(good.spec)
    for (const args of [
      ["-debug", "-injector", "native", "-config", good.config, "-profile=1.13"],
      ["--profile", "2020-07", "-config", good.config, "-debug=false"],
    ]) {
      const ran = Bun.spawnSync([hookProgram, ...args, "prestart"], {
        stdin: new TextEncoder().encode(good.state),
      })
      expect(ran.stderr.toString()).toBe("")
      expect(ran.exitCode).toBe(0)
    }
  })
})
