/** The distribution's podman, which has no daemon: with the wrapper as its runtime, and with the hook in a hooks directory. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { hookProgram, missing, mustRun, type Ran, wrapperProgram } from "./bundle.ts"
import {
  listNodes,
  lookForVendor,
  makeStage,
  type Stage,
  teamSpec,
  testStarts,
  vendorSpec,
} from "./engine-contract.ts"
import { type Cell, isolationPrograms, startCell } from "./isolation.ts"

const lacks = missing("podman", "conmon", "runc", "cc", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "podman" : `podman (missing: ${lacks})`

suite(`the runtime wrapper and the hook as an engine without a daemon calls them: ${title}`, () => {
  const image = "localhost/plain:1"
  let stage: Stage
  let cell: Cell
  let hooks: string

  const podman = (runtime: string, ...args: readonly string[]): Promise<Ran> => {
    const places = ["root", "runroot", "tmpdir"].map((name) => `--${name}=${join(cell.directory, name)}`)
    const flags = ["--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file"]
    return cell.run("podman", ...places, ...flags, `--runtime=${runtime}`, ...args)
  }
  const mustPodman = async (...args: readonly string[]): Promise<string> => {
    const ran = await podman(wrapperProgram, ...args)
    if (ran.status !== 0) throw new Error(`podman ${args.join(" ")}: ${ran.status}: ${ran.stderr}`)
    return ran.stdout
  }
  /** Limits are named, because podman would raise them, and a small sandbox cannot. */
  const flagsOf = (variables: readonly string[]): readonly string[] => [
    ...["--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--cap-add=MKNOD"],
    ...[`--cgroup-parent=/${cell.cgroup}`, ...variables.map((variable) => `--env=${variable}`)],
  ]
  const start = (variables: readonly string[], script: string, ...more: readonly string[]): Promise<Ran> =>
    podman(wrapperProgram, "run", "--rm", ...flagsOf(variables), ...more, image, "sh", "-c", script)

  beforeAll(async () => {
    stage = makeStage("podman")
    const variable = `NVIDIA_CTK_CONFIG_FILE_PATH=${stage.config}`
    const path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
    // The runtime is conmon's child, whose environment is none of the user's.
    const containers = join(stage.directory, "containers.conf")
    writeFileSync(containers, `[engine]\nconmon_env_vars = ["${path}", "${variable}"]\n`)
    hooks = join(stage.directory, "hooks")
    mkdirSync(hooks)
    const hook = {
      version: "1.0.0",
      hook: { path: hookProgram, args: ["nvidia-container-runtime-hook", "prestart"], env: [path, variable] },
      when: { always: true },
      stages: ["prestart"],
    }
    writeFileSync(join(hooks, "gantry.json"), JSON.stringify(hook))
    const archive = join(stage.directory, "image.tar")
    mustRun("tar", ["-C", stage.root, "--numeric-owner", "-cf", archive, "."])
    cell = await startCell({ name: "podman", environment: { CONTAINERS_CONF: containers } })
    await mustPodman("import", "--quiet", archive, image)
  })
  afterAll(async () => {
    await cell?.stop()
    stage?.remove()
  })

  testStarts("--runtime", (variables, script) => start(variables, script))

  testStarts("--hooks-dir", (variables, script) => {
    const args = [...flagsOf(variables), image, "sh", "-c", script]
    return podman("runc", `--hooks-dir=${hooks}`, "run", "--rm", ...args)
  })

  test("the wrapper and the hook together give a GPU once", async () => {
    const args = [...flagsOf(["NVIDIA_VISIBLE_DEVICES=3"]), image, "sh", "-c"]
    const script = `${listNodes}; mount | grep -c 'libcuda.so'`
    const ran = await podman(wrapperProgram, `--hooks-dir=${hooks}`, "run", "--rm", ...args, script)
    expect(ran).toMatchObject({ status: 0, stdout: "nvidia3\n1\n" })
  })

  test("a user that is not root may open its GPU's DRM nodes", async () => {
    const ran = await start(["NVIDIA_VISIBLE_DEVICES=0,1"], `${listNodes}; id -G`, "--user=1000")
    expect(ran).toMatchObject({ status: 0, stdout: "nvidia0\nnvidia1\n0 44 105\n" })
  })

  test("a root that the container may not write", async () => {
    const ran = await start(["NVIDIA_VISIBLE_DEVICES=1"], "loader-probe", "--read-only")
    expect(ran).toMatchObject({ status: 0, stdout: "libcuda answers 1000\n" })
  })

  test("a volume over the libraries' directory keeps what it has, and gets the libraries by all their names", async () => {
    const volume = join(stage.directory, "volume")
    mkdirSync(join(volume, "x86_64-linux-gnu"), { recursive: true })
    writeFileSync(join(volume, "x86_64-linux-gnu/own"), "its own\n")
    const script = "cat /usr/lib/x86_64-linux-gnu/own; loader-probe"
    const seen = { status: 0, stdout: "its own\nlibcuda answers 1000\n" }
    const variables = ["NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_DRIVER_CAPABILITIES=all"]
    expect(await start(variables, script, `--volume=${volume}:/usr/lib`)).toMatchObject(seen)
    expect(await start(variables, "loader-probe", "--tmpfs=/usr/lib")).toMatchObject({
      status: 0,
      stdout: "libcuda answers 1000\n",
    })
  })

  test("a user namespace", async () => {
    const ran = await start(
      ["NVIDIA_VISIBLE_DEVICES=1"],
      `${listNodes}; loader-probe; cat /dev/nvidia1`,
      "--uidmap=0:100000:65536",
    )
    expect(ran.stdout).toBe("nvidia1\nlibcuda answers 1000\n")
    expect(ran.stderr).toContain("No such device or address")
  })

  describe("devices of CDI specifications", () => {
    let told: string
    const saw = " 00\n1 a\n"
    const hooksRun = (): number => {
      const count = existsSync(told) ? readFileSync(told, "utf8").split("\n").length - 1 : 0
      rmSync(told, { force: true })
      return count
    }
    beforeAll(async () => {
      told = join(stage.directory, "told")
      const directory = join(stage.directory, "machine/etc/cdi")
      mkdirSync(directory, { recursive: true })
      writeFileSync(join(directory, "vendor.json"), vendorSpec(told))
      writeFileSync(join(directory, "team.yaml"), teamSpec)
      // The engine's own place for them, in the cell's own /run.
      await cell.mustRun("sh", "-c", `mkdir /run/cdi && cp ${join(directory, "vendor.json")} /run/cdi/`)
    })

    test("by a variable: another vendor's, an administrator's own and a GPU", async () => {
      const ran = await start(
        ["NVIDIA_VISIBLE_DEVICES=1,vendor.com/nic=a,nvidia.com/gpu=team-a"],
        lookForVendor,
      )
      expect(ran).toMatchObject({ status: 0, stdout: " 00\n1 a a\nnvidia1\nnvidia3\n" })
      expect(hooksRun()).toBe(1)
    })

    test("by the engine itself: nothing is done a second time, also where a variable asks for the same", async () => {
      expect(await start([], lookForVendor, "--device=vendor.com/nic=a")).toMatchObject({ stdout: saw })
      expect(hooksRun()).toBe(1)
      const both = await start(
        ["NVIDIA_VISIBLE_DEVICES=vendor.com/nic=a"],
        `${lookForVendor}; env | grep -c NIC=`,
        "--device=vendor.com/nic=a",
      )
      expect(both).toMatchObject({ stdout: `${saw}1\n` })
      expect(hooksRun()).toBe(1)
    })
  })

  test("a container that is started again, and one that is looked into", async () => {
    const flags = flagsOf(["NVIDIA_VISIBLE_DEVICES=1"])
    const name = "again"
    await mustPodman("run", "--detach", `--name=${name}`, ...flags, image, "sleep", "600")
    const look = (): Promise<string> =>
      mustPodman(
        "exec",
        name,
        "sh",
        "-c",
        `${listNodes}; loader-probe; cat /dev/nvidia1 2>&1 | sed 's/.*: //'`,
      )
    const seen = "nvidia1\nlibcuda answers 1000\nNo such device or address\n"
    expect(await look()).toBe(seen)
    await mustPodman("restart", "--time=0", name)
    expect(await look()).toBe(seen)
    await mustPodman("stop", "--time=0", name)
    await mustPodman("start", name)
    expect(await look()).toBe(seen)
    await mustPodman("rm", "--force", "--time=0", name)
  })
})
