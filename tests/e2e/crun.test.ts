/** crun, which podman prefers to runc where it is there: below the runtime wrapper, and below podman with a generated specification. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { rmSync } from "node:fs"
import { basename, join } from "node:path"
import {
  addLoaderProbe,
  gantryProgram,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  run,
  type SpecShape,
  wrapperProgram,
} from "./bundle.ts"
import { listNodes, lookAround, makeStage, type Stage, viewOf } from "./engine-contract.ts"
import { type Cell, isolationPrograms, startCell } from "./isolation.ts"

/** crun takes cgroup v1 or v2, and no machine that has both mounted: there v2 is taken away, in a mount namespace. */
const withoutHybrid = "if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi"

/** Whether crun starts a plain container here; it raises limits on cgroup v2, which a sandbox may forbid. */
function lacksForCrun(): string {
  const lacks = missing("crun", "podman", "conmon", "cc", ...isolationPrograms)
  if (lacks !== "") return lacks
  const work = makeDirectory("crun-probe")
  try {
    const ran = startBy("crun", work, { args: ["true"], env: [] })
    return ran.status === 0 ? "" : `what crun needs: ${ran.stderr.trim().split("\n").at(-1)}`
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function startBy(
  program: string,
  work: string,
  shape: SpecShape,
  more: { readonly prepare?: (root: string) => void; readonly env?: NodeJS.ProcessEnv } = {},
): Ran {
  const bundle = makeBundle(work, shape, more.prepare ?? makeBusyboxRoot)
  const id = basename(bundle.directory)
  const words = [program, "--root", join(work, "state"), "run", "--bundle", bundle.directory, id]
  try {
    return run("unshare", ["--mount", "sh", "-c", `${withoutHybrid}; exec "$@"`, "sh", ...words], {
      env: more.env ?? process.env,
    })
  } finally {
    rmSync(bundle.directory, { recursive: true, force: true })
  }
}

const lacks = lacksForCrun()
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "crun" : `crun (optional; missing: ${lacks})`

const withProbe = (root: string): void => {
  makeBusyboxRoot(root)
  addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
}

suite(`a runtime that is not runc: ${title}`, () => {
  const image = "localhost/plain:1"
  let stage: Stage
  let env: NodeJS.ProcessEnv
  let cell: Cell

  const podman = (...args: readonly string[]): Promise<Ran> => {
    const places = ["root", "runroot", "tmpdir"].map((name) => `--${name}=${join(cell.directory, name)}`)
    const flags = ["--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file"]
    return cell.run("podman", ...places, ...flags, "--runtime=crun", ...args)
  }
  const withDevice = (device: string, script: string, ...flags: readonly string[]): Promise<Ran> =>
    podman(
      ...["run", "--rm", "--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"],
      ...[
        "--cap-add=MKNOD",
        `--cgroup-parent=/${cell.cgroup}`,
        `--device=nvidia.com/gpu=${device}`,
        ...flags,
      ],
      ...[image, "sh", "-c", script],
    )
  const generate = (...flags: readonly string[]): Promise<string> =>
    cell.mustRun(
      ...[gantryProgram, "cdi", "generate", "--for-engine=podman@4.3.1", "--output=/run/cdi/gpu.yaml"],
      ...[`--host=${join(stage.directory, "machine")}`, ...flags],
    )

  beforeAll(async () => {
    stage = makeStage("crun", '[nvidia-container-runtime]\nruntimes = ["crun"]\n')
    env = { ...process.env, NVIDIA_CTK_CONFIG_FILE_PATH: stage.config }
    cell = await startCell({ name: "crun", environment: {} })
    await cell.mustRun("sh", "-c", withoutHybrid)
    const archive = join(stage.directory, "image.tar")
    mustRun("tar", ["-C", stage.root, "--numeric-owner", "-cf", archive, "."])
    const imported = await podman("import", "--quiet", archive, image)
    if (imported.status !== 0) throw new Error(imported.stderr)
  })
  afterAll(async () => {
    await cell?.stop()
    stage?.remove()
  })

  test("below the wrapper: one GPU and no other, and the loader finds the driver", () => {
    const shape = { args: ["sh", "-c", lookAround], env: ["NVIDIA_VISIBLE_DEVICES=2"] }
    expect(startBy(wrapperProgram, stage.directory, shape, { prepare: withProbe, env })).toMatchObject({
      status: 0,
      stdout: viewOf(2),
    })
  })

  test("below the wrapper: a container that asks for nothing gets nothing", () => {
    const shape = { args: ["sh", "-c", "ls /dev | grep nvidia; echo done"], env: [] }
    expect(startBy(wrapperProgram, stage.directory, shape, { env })).toMatchObject({ stdout: "done\n" })
  })

  test.each([[[]], [["--hooks=separate"]]])(
    "below podman, with a specification made with %j",
    async (flags) => {
      await generate(...flags)
      expect(await withDevice("1", lookAround)).toMatchObject({ status: 0, stdout: viewOf(1) })
      // crun makes the root read-only ahead of the hooks.
      const script = `${listNodes}; loader-probe; touch /own 2>&1 | sed 's/.*: //'`
      expect(await withDevice(stage.gpus[3] ?? "", script, "--read-only")).toMatchObject({
        status: 0,
        stdout: "nvidia3\nlibcuda answers 1000\nRead-only file system\n",
      })
    },
  )
})
