/** `docker run --runtime nvidia`, and the wrapper as the daemon's default runtime, with the distribution's own daemon. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import {
  addLoaderProbe,
  gantryProgram,
  hookProgram,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
} from "./bundle.ts"
import { type Dockerd, startDockerd } from "./dockerd.ts"
import { lookForVendor, teamSpec, vendorSpec } from "./engine-contract.ts"
import { isolationPrograms } from "./isolation.ts"

const lacks = missing("dockerd", "docker", "runc", "cc", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "docker" : `docker (missing: ${lacks})`
const wrapper = join(dirname(hookProgram), "nvidia-container-runtime")

suite(`the runtime wrapper as an engine calls it: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("docker-runtime") : ""
  const machine = join(work, "machine")
  let engine: Dockerd

  beforeAll(async () => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "4"])
    const config = join(work, "config.toml")
    writeFileSync(config, `[gantry]\nhost = "${machine}"\n`)
    const root = join(work, "root")
    mkdirSync(root)
    makeBusyboxRoot(root)
    addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
    const settings = { runtimes: { nvidia: { path: wrapper } }, "default-runtime": "nvidia" }
    engine = await startDockerd({ NVIDIA_CTK_CONFIG_FILE_PATH: config }, dirname(hookProgram), settings)
    await engine.importImage(root, "plain:1")
  })
  afterAll(async () => {
    await engine?.stop()
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  const start = (flags: readonly string[], script: string): Promise<Ran> =>
    engine.docker("run", "--rm", "--network", "none", ...flags, "plain:1", "sh", "-c", script)
  const gpu = (selector: string): readonly string[] => ["-e", `NVIDIA_VISIBLE_DEVICES=${selector}`]
  const nodes = "ls /dev | grep -E 'nvidia[0-9]'"

  test("as the default runtime: a variable is enough", async () => {
    const ran = await start(gpu("2"), `${nodes}; loader-probe; cat /dev/nvidia2`)
    expect(ran.stdout).toBe("nvidia2\nlibcuda answers 1000\n")
    expect(ran.stderr).toContain("No such device or address")
  })

  test("by its name, for a user that is not root", async () => {
    const ran = await start(["--runtime", "nvidia", "--user", "1000", ...gpu("0,1")], `${nodes}; id -G`)
    expect(ran.stdout).toBe("nvidia0\nnvidia1\n0 44 105\n")
  })

  test("--gpus, whose hook then does nothing a second time", async () => {
    const ran = await start(["--gpus", "device=3"], `${nodes}; mount | grep -c 'libcuda.so'`)
    expect(ran.stdout).toBe("nvidia3\n1\n")
  })

  test("a container that asks for nothing gets nothing, and another runtime is another", async () => {
    expect((await start([], `${nodes}; echo done`)).stdout).toBe("done\n")
    expect((await start(["--runtime", "runc", ...gpu("all")], `${nodes}; echo done`)).stdout).toBe("done\n")
  })

  test("a container that is started again, and one that is looked into", async () => {
    const flags = ["--network", "none", ...gpu("1"), "plain:1", "sh", "-c", "sleep 30"]
    const id = (await engine.mustDocker("run", "-d", ...flags)).trim()
    expect(await engine.mustDocker("exec", id, "sh", "-c", nodes)).toBe("nvidia1\n")
    await engine.mustDocker("restart", "-t", "0", id)
    expect(await engine.mustDocker("exec", id, "sh", "-c", nodes)).toBe("nvidia1\n")
    await engine.mustDocker("rm", "-f", id)
  })

  test("an image that is made of a container carries links, cache and empty places, no library, and gets GPUs anew", async () => {
    const flags = ["--network", "none", ...gpu("0"), "plain:1", "sleep", "30"]
    const id = (await engine.mustDocker("run", "-d", ...flags)).trim()
    await engine.mustDocker("commit", id, "committed:1")
    await engine.mustDocker("rm", "-f", id)
    const run = (...words: readonly string[]): Promise<Ran> =>
      engine.docker("run", "--rm", "--network", "none", ...words)
    const libraries = "/usr/lib/x86_64-linux-gnu"
    const look = `cd ${libraries}; readlink libcuda.so.1; wc -c <libcuda.so.1; wc -c </usr/bin/nvidia-smi; loader-probe`
    expect((await run("--runtime", "runc", "committed:1", "sh", "-c", look)).stdout).toMatch(
      /^libcuda\.so\.\d[\d.]+\n0\n0\n\S+: file too short\n$/,
    )
    const again = await run(...gpu("2"), "committed:1", "sh", "-c", `${nodes}; loader-probe`)
    expect(again.stdout).toBe("nvidia2\nlibcuda answers 1000\n")
  })

  test("what fails is told where the user sees it", async () => {
    const ran = await start(gpu("7"), "true")
    expect(ran.status).not.toBe(0)
    expect(ran.stderr).toContain("nvidia-container-cli: device error: 7: unknown device [GAN2104]")
  })

  describe("devices of CDI specifications", () => {
    const told = join(work, "told")
    beforeAll(() => {
      mkdirSync(join(machine, "etc/cdi"), { recursive: true })
      writeFileSync(join(machine, "etc/cdi/vendor.json"), vendorSpec(told))
      writeFileSync(join(machine, "etc/cdi/team.yaml"), teamSpec)
      writeFileSync(join(machine, "etc/cdi/bad.yaml"), "kind: [")
    })

    test("another vendor's, an administrator's own and a GPU, in one container", async () => {
      const ran = await start(gpu("1,vendor.com/nic=a,nvidia.com/gpu=team-a"), lookForVendor)
      expect(ran).toMatchObject({ status: 0, stdout: " 00\n1 a a\nnvidia1\nnvidia3\n" })
      expect(readFileSync(told, "utf8")).toBe("sh /usr/sbin:/usr/bin:/sbin:/bin\n")
    })

    test("what no specification has is told where the user sees it", async () => {
      const ran = await start(gpu("vendor.com/nic=b"), "true")
      expect(ran.status).not.toBe(0)
      expect(ran.stderr).toContain("unresolvable CDI devices vendor.com/nic=b")
      expect(ran.stderr).toContain("[GAN4043]: did you mean vendor.com/nic=a?")
    })
  })

  test("ten at once each get their own", async () => {
    const ran = await Promise.all(
      Array.from({ length: 10 }, (_, index) => start(gpu(String(index % 4)), nodes)),
    )
    expect(ran.map(({ stdout }) => stdout)).toEqual(ran.map((_, index) => `nvidia${index % 4}\n`))
  })
})
