/** Generated specifications in the hands of the distribution's podman and runc, with no wrapper and no hook of an engine in the way. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { gantryProgram, missing, mustRun, type Ran } from "./bundle.ts"
import { lookAround, makeStage, type Stage, viewOf } from "./engine-contract.ts"
import { type Cell, isolationPrograms, startCell } from "./isolation.ts"

const lacks = missing("podman", "conmon", "runc", "cc", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "podman" : `podman (missing: ${lacks})`

suite(`generated CDI specifications: ${title}`, () => {
  const image = "localhost/plain:1"
  let stage: Stage
  let cell: Cell
  let machine: string

  const podman = (...args: readonly string[]): Promise<Ran> => {
    const places = ["root", "runroot", "tmpdir"].map((name) => `--${name}=${join(cell.directory, name)}`)
    const flags = ["--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file"]
    return cell.run("podman", ...places, ...flags, "--runtime=runc", ...args)
  }
  const start = (devices: readonly string[], script: string, ...more: readonly string[]): Promise<Ran> =>
    podman(
      ...["run", "--rm", "--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"],
      ...["--cap-add=MKNOD", `--cgroup-parent=/${cell.cgroup}`],
      ...[...devices.map((name) => `--device=nvidia.com/gpu=${name}`), ...more],
      ...[image, "sh", "-c", script],
    )

  beforeAll(async () => {
    stage = makeStage("cdi-podman")
    machine = join(stage.directory, "machine")
    const archive = join(stage.directory, "image.tar")
    mustRun("tar", ["-C", stage.root, "--numeric-owner", "-cf", archive, "."])
    cell = await startCell({ name: "cdi-podman", environment: {} })
    const imported = await podman("import", "--quiet", archive, image)
    if (imported.status !== 0) throw new Error(imported.stderr)
  })
  afterAll(async () => {
    await cell?.stop()
    stage?.remove()
  })

  const clear = (): Promise<string> => cell.mustRun("rm", "-rf", "/run/cdi")
  /** What a container's root has that hooks have made, and what its loader and its drawing programs find. */
  const lookAtHooks = `ls -l /dev/dri/by-path 2>/dev/null | sed 's/.* \\(pci.*\\)/\\1/'
cat /etc/nvidia/nvidia-application-profiles-rc.d/10-container.conf
ls -l /usr/lib/x86_64-linux-gnu/libcuda.so* | sed 's/.* \\(\\/usr.*\\)/\\1/'
grep -q nvidia /proc/self/mountinfo && loader-probe`

  const ways = [
    [
      "one hook",
      [gantryProgram, "cdi", "generate", "--for-engine=podman@4.3.1", "--output=/run/cdi/gpu.yaml"],
    ],
    [
      "a hook for each",
      [
        ...[gantryProgram, "cdi", "generate", "--for-engine=podman@4.3.1", "--hooks=separate", "--numbers"],
        "--output=/run/cdi/gpu.json",
      ],
    ],
  ] as const

  for (const [way, command] of ways)
    describe(way, () => {
      beforeAll(async () => {
        await clear()
        await cell.mustRun(command[0], ...command.slice(1), `--host=${machine}`)
      })

      test("by index: one GPU and no other, and the loader finds the driver", async () => {
        expect(await start(["2"], lookAround)).toMatchObject({ status: 0, stdout: viewOf(2) })
      })

      test("by UUID and by type: the same", async () => {
        for (const name of [stage.gpus[1] ?? "", "gpu1"])
          expect(await start([name], lookAround)).toMatchObject({ status: 0, stdout: viewOf(1) })
      })

      test("two GPUs: links to their DRM nodes and to no others", async () => {
        const ran = await start(["0", "3"], lookAtHooks)
        expect(ran.status).toBe(0)
        expect(ran.stdout.match(/-> \.\.\/(card|renderD)\d+$/gm)).toHaveLength(4)
        expect(ran.stdout).toContain("libcuda answers 1000")
      })

      test("all", async () => {
        const ran = await start(["all"], "ls /dev | grep -cE 'nvidia[0-9]'")
        expect(ran).toMatchObject({ status: 0, stdout: "4\n" })
      })
    })

  test("hooks in one entry and one by one leave the same", async () => {
    const seen: string[] = []
    for (const [, command] of ways) {
      await clear()
      await cell.mustRun(command[0], ...command.slice(1), `--host=${machine}`)
      const ran = await start(["0", "3"], lookAtHooks)
      expect(ran.status).toBe(0)
      seen.push(ran.stdout)
    }
    expect(seen[0]?.split("\n").length).toBeGreaterThan(8)
    expect(seen[1]).toBe(seen[0] ?? "")
  })

  test("a user that is not root needs the group that an old engine cannot be told", async () => {
    await clear()
    await cell.mustRun(ways[0][1][0], ...ways[0][1].slice(1), `--host=${machine}`)
    const open = "cat /dev/dri/card* 2>&1 | sed 's/.*: //'"
    expect((await start(["1"], open, "--user=1000")).stdout).toBe("Permission denied\n")
    const granted = await start(["1"], open, "--user=1000", "--group-add=44")
    expect(granted.status).toBe(0)
    expect(granted.stdout).not.toContain("Permission denied")
  })
})
