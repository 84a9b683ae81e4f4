/** Specifications of AMD's and Intel's GPUs, taken by an engine: the distribution's podman, which reads /var/run/cdi itself. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { gantryProgram, makeBusyboxRoot, makeDirectory, missing, mustRun, type Ran } from "./bundle.ts"
import { type Cell, isolationPrograms, startCell } from "./isolation.ts"

const lacks = missing("podman", "conmon", "runc", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip

suite(`podman --device amd.com/gpu=0${lacks === "" ? "" : ` (missing: ${lacks})`}`, () => {
  const image = "localhost/plain:1"
  let directory: string
  let machine: string
  let cell: Cell

  const podman = (...args: readonly string[]): Promise<Ran> => {
    const places = ["root", "runroot", "tmpdir"].map((name) => `--${name}=${join(cell.directory, name)}`)
    const flags = ["--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file"]
    return cell.run("podman", ...places, ...flags, "--runtime=runc", ...args)
  }
  const start = (devices: readonly string[], script: string, ...more: readonly string[]): Promise<Ran> => {
    const limits = [
      "--network=none",
      "--ulimit=nofile=1024:1024",
      "--ulimit=nproc=1024:1024",
      "--cap-add=MKNOD",
    ]
    const asked = devices.map((device) => `--device=${device}`)
    return podman(
      "run",
      "--rm",
      ...limits,
      `--cgroup-parent=/${cell.cgroup}`,
      ...asked,
      ...more,
      image,
      "sh",
      "-c",
      script,
    )
  }

  beforeAll(async () => {
    directory = makeDirectory("vendors")
    machine = join(directory, "machine")
    mustRun(gantryProgram, ["simulate", "up", machine, "--amd=mi300x:2:dpx", "--intel=flex170:2"])
    cell = await startCell({ name: "vendors", environment: {} })
    const root = join(directory, "root")
    mkdirSync(root)
    makeBusyboxRoot(root)
    const archive = join(directory, "image.tar")
    mustRun("tar", ["-C", root, "--numeric-owner", "-cf", archive, "."])
    await cell.mustRun("mkdir", "-p", "/run/cdi")
    const specs = join(directory, "specs")
    mustRun(gantryProgram, [
      "cdi",
      "generate",
      "--host",
      machine,
      "--for-engine=podman@4.3.1",
      `--output=${specs}/`,
    ])
    await cell.mustRun("cp", "-r", `${specs}/.`, "/run/cdi")
    const imported = await podman("import", "--quiet", archive, image)
    if (imported.status !== 0) throw new Error(imported.stderr)
  })
  afterAll(async () => {
    await cell?.stop()
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(directory, { recursive: true, force: true })
  })

  const listNodes = "cd /dev && find kfd dri ! -type d 2>/dev/null | sort"
  /** Behind simulated nodes is no driver: a permitted open ends otherwise than in EPERM. */
  const tryAll = `for minor in 128 129 130 131 144 145; do
  mknod /dev/own$minor c 226 $minor
  cat /dev/own$minor 2>&1 | grep -q 'Operation not permitted' || echo $minor
done`

  test.each([
    ["amd.com/gpu=0", ["dri/card1", "dri/renderD128", "kfd"], [128]],
    ["amd.com/gpu=0000:05:00.0:1", ["dri/card2", "dri/renderD129", "kfd"], [129]],
    [
      "amd.com/gpu=0000:05:00.0",
      ["dri/card1", "dri/card2", "dri/renderD128", "dri/renderD129", "kfd"],
      [128, 129],
    ],
    [
      "intel.com/gpu=0000-24-00-0-0x56c0",
      [
        "dri/by-path/pci-0000:24:00.0-card",
        "dri/by-path/pci-0000:24:00.0-render",
        "dri/card18",
        "dri/renderD145",
      ],
      [145],
    ],
  ])("%s: its own nodes, and the right to no other", async (device, nodes, permitted) => {
    const ran = await start([device], `${listNodes}; ${tryAll}`)
    expect(ran).toMatchObject({ status: 0, stdout: `${[...nodes, ...permitted].join("\n")}\n` })
  })

  test("nodes have the machine's numbers, under both of their names", async () => {
    const numbers =
      "stat -c '%t:%T' /dev/kfd /dev/dri/renderD128 /dev/dri/by-path/pci-0000:03:00.0-render /dev/dri/renderD144"
    const ran = await start(["amd.com/gpu=0", "intel.com/gpu=0"], numbers)
    expect(ran).toMatchObject({ status: 0, stdout: "ea:0\ne2:80\ne2:90\ne2:90\n" })
  })

  test("a user that is not root may open what it asked for", async () => {
    const script =
      "for node in kfd dri/card1 dri/renderD128; do test -r /dev/$node && test -w /dev/$node && echo $node; done"
    const ran = await start(["amd.com/gpu=0"], script, "--user=1000:1000")
    expect(ran).toMatchObject({ status: 0, stdout: "kfd\ndri/card1\ndri/renderD128\n" })
  })

  test("a container that asks for none has none", async () => {
    expect(await start([], `${listNodes}; ${tryAll}`)).toMatchObject({ status: 0, stdout: "" })
  })

  test("a device that is not there fails, and is named", async () => {
    const ran = await start(["amd.com/gpu=4"], "echo started")
    expect(ran).toMatchObject({ stdout: "" })
    expect(ran.status).not.toBe(0)
    expect(ran.stderr).toContain("amd.com/gpu=4")
  })
})
