/**
 * containerd 2, which applies CDI specifications itself: to a pod by CRI, and in `ctr run --device`. No distribution that the tests run on has
 * it, so GANTRY_CONTAINERD_2 names a directory with its programs; CONTRIBUTING.md says how to build them.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { gantryProgram, missing, type Ran, wrapperProgram } from "./bundle.ts"
import { type Cri, openCri } from "./cri.ts"
import { lookAround, makeStage, type Stage, viewOf } from "./engine-contract.ts"
import { type Cell, isolationPrograms, startCell } from "./isolation.ts"
import { makeOciArchive } from "./oci-archive.ts"

const programs = process.env["GANTRY_CONTAINERD_2"]
const lacks = programs === undefined ? "GANTRY_CONTAINERD_2" : missing("runc", "cc", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "containerd 2" : `containerd 2 (optional, missing: ${lacks})`

const image = "gantry.test/plain:1"
const readyTimeoutMs = 60_000
const handlers = [
  ["runc", "runc"],
  ["nvidia", wrapperProgram],
] as const

function configure(directory: string, specifications: string): string {
  const path = join(directory, "containerd.toml")
  const runtimes = handlers.map(
    ([name, program]) => `  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.${name}]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.${name}.options]
      BinaryName = "${program}"
`,
  )
  writeFileSync(
    path,
    `version = 3
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${directory}/containerd.sock"
[ttrpc]
  address = "${directory}/containerd.sock.ttrpc"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "${image}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  cdi_spec_dirs = ["${specifications}"]
  [plugins."io.containerd.cri.v1.runtime".cni]
    conf_dir = "${directory}/cni"
${runtimes.join("")}`,
  )
  return path
}

suite(`generated specifications, applied by the engine: ${title}`, () => {
  // ctr looks nowhere else; /run is the cell's own.
  const specifications = "/run/cdi"
  let stage: Stage
  let cell: Cell
  let cri: Cri
  let count = 0

  const ctr = (...args: readonly string[]): Promise<Ran> =>
    cell.run(
      ...[`${programs}/ctr`, `--address=${cell.directory}/containerd.sock`, `--namespace=${cell.cgroup}`],
      ...args,
    )
  const mustCtr = async (...args: readonly string[]): Promise<string> => {
    const ran = await ctr(...args)
    if (ran.status !== 0) throw new Error(`ctr ${args.join(" ")}: ${ran.status}: ${ran.stderr}`)
    return ran.stdout
  }

  beforeAll(async () => {
    stage = makeStage("containerd-2")
    cell = await startCell({
      name: "containerd-2",
      daemon: (directory) => [`${programs}/containerd`, "--config", configure(directory, specifications)],
      environment: {
        NVIDIA_CTK_CONFIG_FILE_PATH: stage.config,
        PATH: `${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      },
    })
    const deadline = Date.now() + readyTimeoutMs
    while ((await ctr("version")).status !== 0 && Date.now() < deadline) await Bun.sleep(50)
    const archive = makeOciArchive(stage.directory, stage.root, image)
    await mustCtr("images", "import", "--local", "--snapshotter=native", archive)
    await mustCtr("--namespace=k8s.io", "images", "import", "--local", "--snapshotter=native", archive)
    cri = openCri(join(cell.directory, "containerd.sock"))
    while (!(await cri.hasImage(image)) && Date.now() < deadline) await Bun.sleep(50)
  })
  afterAll(async () => {
    cri?.close()
    await cell?.stop()
    stage?.remove()
  })

  const machine = (): string => join(stage.directory, "machine")
  const ways = [
    ["one hook", []],
    ["a hook for each", ["--hooks=separate", "--numbers"]],
  ] as const

  for (const [way, flags] of ways)
    describe(way, () => {
      beforeAll(async () => {
        const file = join(specifications, "nvidia.yaml")
        const made = [gantryProgram, "cdi", "generate", "--for-engine=containerd@2.0.0", ...flags]
        await cell.mustRun(...(made as [string]), `--output=${file}`, `--host=${machine()}`)
      })

      test("ctr run --device: one GPU and no other, and the loader finds the driver", async () => {
        const ran = await ctr(
          ...["run", "--rm", "--snapshotter=native", "--device=nvidia.com/gpu=2", image, `c${count++}`],
          ...["sh", "-c", lookAround],
        )
        expect(ran).toMatchObject({ status: 0, stdout: viewOf(2) })
      })

      test.each([["runc"], ["nvidia"]])(
        "a pod's container with the runtime %s: the same",
        async (handler) => {
          const pod = await cri.runPod(handler, `/${cell.cgroup}`)
          const container = await cri.startContainer(pod, {
            ...{ image, command: ["sleep", "600"], variables: [], devices: ["nvidia.com/gpu=1"] },
          })
          const ran = await cri.execute(container, ["sh", "-c", lookAround])
          await cri.removePod(pod)
          expect(ran).toMatchObject({ status: 0, stdout: viewOf(1) })
        },
      )
    })

  test("a device that nobody has fails in the engine's words, and ours say the same beforehand", async () => {
    const name = "nvidia.com/gpu=9"
    const ran = await ctr("run", "--rm", "--snapshotter=native", `--device=${name}`, image, "none", "true")
    expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining(`unresolvable CDI devices ${name}`)])
    const ours = await cell.run(gantryProgram, "cdi", "resolve", name)
    expect([ours.status, ours.stderr]).toEqual([
      1,
      expect.stringContaining(`unresolvable CDI devices ${name}`),
    ])
  })
})
