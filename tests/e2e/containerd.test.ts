/** The distribution's containerd: `ctr run --runc-binary`, and CRI with a runtime handler, as Kubernetes has it. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { missing, type Ran, wrapperProgram } from "./bundle.ts"
import type { Cri, Pod } from "./cri.ts"
import { type Ctr, ctrIn, importImage, mustCtr } from "./ctr.ts"
import {
  listNodes,
  lookAround,
  lookForVendor,
  makeStage,
  type Stage,
  teamSpec,
  testStarts,
  vendorSpec,
  viewOf,
} from "./engine-contract.ts"
import { type Cell, isolationPrograms, startCell } from "./isolation.ts"
import { makeOciArchive } from "./oci-archive.ts"

const lacks = missing("containerd", "ctr", "runc", "cc", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "containerd" : `containerd (missing: ${lacks})`

const image = "gantry.test/plain:1"
const readyTimeoutMs = 60_000

function configure(directory: string): string {
  const path = join(directory, "containerd.toml")
  writeFileSync(
    path,
    `version = 2
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${directory}/containerd.sock"
[ttrpc]
  address = "${directory}/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${image}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    conf_dir = "${directory}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options]
        BinaryName = "${wrapperProgram}"
`,
  )
  return path
}

suite(`the runtime wrapper as a shim calls it: ${title}`, () => {
  let stage: Stage
  let cell: Cell
  let cri: Cri
  let count = 0

  const ctr: Ctr = (...args) => ctrIn(cell)(...args)
  const flagsOf = (variables: readonly string[]): readonly string[] => [
    ...["--snapshotter=native", `--runc-binary=${wrapperProgram}`],
    ...variables.map((variable) => `--env=${variable}`),
  ]
  const start = (variables: readonly string[], script: string, ...more: readonly string[]): Promise<Ran> =>
    ctr("run", "--rm", ...flagsOf(variables), ...more, image, `c${count++}`, "sh", "-c", script)

  beforeAll(async () => {
    stage = makeStage("containerd")
    cell = await startCell({
      name: "containerd",
      daemon: (directory) => ["containerd", "--config", configure(directory)],
      environment: { NVIDIA_CTK_CONFIG_FILE_PATH: stage.config },
    })
    const archive = makeOciArchive(stage.directory, stage.root, image)
    cri = await importImage(cell, image, archive)
  })
  afterAll(async () => {
    cri?.close()
    await cell?.stop()
    stage?.remove()
  })

  testStarts("ctr run", (variables, script) => start(variables, script))

  test("two GPUs, and a root that the container may not write", async () => {
    const ran = await start(["NVIDIA_VISIBLE_DEVICES=0,3"], `${listNodes}; loader-probe`, "--read-only")
    expect(ran).toMatchObject({ status: 0, stdout: "nvidia0\nnvidia3\nlibcuda answers 1000\n" })
  })

  test("a container that is started again, and one that is looked into", async () => {
    const name = "again"
    // A first process has no signal that it does not ask for, but KILL.
    await mustCtr(
      ctr,
      "run",
      "--detach",
      ...flagsOf(["NVIDIA_VISIBLE_DEVICES=1"]),
      image,
      name,
      "sleep",
      "600",
    )
    const script = `${listNodes}; loader-probe; cat /dev/nvidia1 2>&1 | sed 's/.*: //'`
    const look = (id: string): Promise<string> =>
      mustCtr(ctr, "tasks", "exec", `--exec-id=${id}`, name, "sh", "-c", script)
    const seen = "nvidia1\nlibcuda answers 1000\nNo such device or address\n"
    expect(await look("first")).toBe(seen)
    await mustCtr(ctr, "tasks", "kill", "--signal=KILL", name)
    // Its status tells that of the task, not its own fault.
    const deadline = Date.now() + readyTimeoutMs
    while ((await mustCtr(ctr, "tasks", "list")).includes("RUNNING") && Date.now() < deadline)
      await Bun.sleep(50)
    await ctr("tasks", "delete", name)
    await mustCtr(ctr, "tasks", "start", "--detach", name)
    expect(await look("second")).toBe(seen)
    await mustCtr(ctr, "tasks", "kill", "--signal=KILL", name)
  })

  const startIn = (pod: Pod, ...variables: readonly string[]): Promise<string> =>
    cri.startContainer(pod, { image, command: ["sleep", "600"], variables })
  const shell = (container: string, script: string): Promise<Ran> =>
    cri.execute(container, ["sh", "-c", script])
  const runPod = (handler: string): Promise<Pod> => cri.runPod(handler, `/${cell.cgroup}`)

  testStarts("a pod with a runtime handler", async (variables, script) => {
    const pod = await runPod("nvidia")
    try {
      return await shell(await startIn(pod, ...variables), script)
    } catch (error) {
      return { status: 1, stdout: "", stderr: String(error) }
    } finally {
      await cri.removePod(pod)
    }
  })

  test("devices of CDI specifications, alone and in a pod, of a vendor, an administrator and the machine", async () => {
    const told = join(stage.directory, "told")
    const directory = join(stage.directory, "machine/etc/cdi")
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, "vendor.json"), vendorSpec(told))
    writeFileSync(join(directory, "team.yaml"), teamSpec)
    const variables = ["NVIDIA_VISIBLE_DEVICES=1,vendor.com/nic=a,nvidia.com/gpu=team-a"]
    const seen = { status: 0, stdout: " 00\n1 a a\nnvidia1\nnvidia3\n" }
    expect(await start(variables, lookForVendor)).toMatchObject(seen)
    const pod = await runPod("nvidia")
    const container = await startIn(pod, ...variables)
    // Who is executed there later gets the variables that the engine knows, not those of config.json.
    expect(await shell(container, lookForVendor)).toMatchObject({
      ...seen,
      stdout: " 00\n\nnvidia1\nnvidia3\n",
    })
    await cri.removePod(pod)
    expect(readFileSync(told, "utf8").split("\n")).toHaveLength(3)
  })

  test("two containers of a pod each get their own, and one that comes after the first has ended", async () => {
    const pod = await runPod("nvidia")
    const first = await startIn(pod, "NVIDIA_VISIBLE_DEVICES=0")
    const second = await startIn(pod, `NVIDIA_VISIBLE_DEVICES=${stage.gpus[3]}`)
    expect(await shell(first, lookAround)).toMatchObject({ status: 0, stdout: viewOf(0) })
    expect(await shell(second, lookAround)).toMatchObject({ status: 0, stdout: viewOf(3) })
    await cri.removeContainer(first)
    const next = await startIn(pod, "NVIDIA_VISIBLE_DEVICES=0")
    expect(await shell(next, lookAround)).toMatchObject({ status: 0, stdout: viewOf(0) })
    await cri.removePod(pod)
  })

  test("another handler is another runtime", async () => {
    const pod = await runPod("runc")
    const container = await startIn(pod, "NVIDIA_VISIBLE_DEVICES=all")
    expect((await shell(container, `${listNodes}; echo done`)).stdout).toBe("done\n")
    await cri.removePod(pod)
  })
})
