/** What every engine must give a container, whichever way the request takes; and the machine and the root that such tests need. */

import { describe, expect, test } from "bun:test"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { addLoaderProbe, gantryProgram, makeBusyboxRoot, makeDirectory, mustRun, type Ran } from "./bundle.ts"

export interface Stage {
  readonly directory: string
  /** A config.toml that names the simulated machine. */
  readonly config: string
  /** A root with busybox and the loader's probe. */
  readonly root: string
  /** UUIDs, by index. */
  readonly gpus: readonly string[]
  remove(): void
}

/** `settings`: keys of config.toml, ahead of its tables. `shape`: of the machine; GPUs have the same UUIDs where it is the same. */
export function makeStage(name: string, settings = "", shape: readonly string[] = ["--gpus=4"]): Stage {
  const directory = makeDirectory(name)
  const machine = join(directory, "machine")
  mustRun(gantryProgram, ["simulate", "up", machine, ...shape])
  const config = join(directory, "config.toml")
  writeFileSync(config, `${settings}\n[gantry]\nhost = "${machine}"\n`)
  const root = join(directory, "root")
  mkdirSync(root)
  makeBusyboxRoot(root)
  addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
  const info = JSON.parse(mustRun(gantryProgram, ["info", "--host", machine, "--json"])) as {
    readonly gpus: readonly { readonly uuid: string }[]
  }
  return {
    directory,
    config,
    root,
    gpus: info.gpus.map(({ uuid }) => uuid),
    remove() {
      mustRun(gantryProgram, ["simulate", "down", machine])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** GPU nodes that the container has, a line each. */
export const listNodes = "ls /dev | grep -E 'nvidia[0-9]'"

/**
 * The nodes, what the loader finds, and how opening each of the machine's GPUs ends, by a node of the container's own making. Behind
 * simulated nodes is no driver: a permitted open ends in ENXIO, a forbidden one in EPERM.
 */
export const lookAround = `${listNodes}
loader-probe
for minor in 0 1 2 3; do
  mknod /dev/own$minor c 195 $minor
  echo "$minor: $(cat /dev/own$minor 2>&1 | sed 's/.*: //')"
done`

export const viewOf = (gpu: number): string =>
  [
    `nvidia${gpu}`,
    "libcuda answers 1000",
    ...[0, 1, 2, 3].map(
      (minor) => `${minor}: ${minor === gpu ? "No such device or address" : "Operation not permitted"}`,
    ),
    "",
  ].join("\n")

/** One line says what is wrong and what to do; what engines write around it is theirs. */
export const unknownDevice = (name: string): RegExp =>
  new RegExp(
    `nvidia-container-cli: device error: ${name}: unknown device \\[GAN2104\\]: ask for one of [^\\n]*, or all`,
  )

/**
 * A vendor's CDI specification for a directory of them, in a version that every engine reads. Its hook writes a line to a file: once for each
 * container, whoever applies it.
 */
export const vendorSpec = (told: string): string =>
  JSON.stringify({
    cdiVersion: "0.5.0",
    kind: "vendor.com/nic",
    containerEdits: { env: ["VENDOR=1"] },
    devices: [
      {
        name: "a",
        containerEdits: {
          env: ["NIC=a"],
          deviceNodes: [{ path: "/dev/vendor0", hostPath: "/dev/zero", type: "c", major: 1, minor: 5 }],
          hooks: [
            {
              hookName: "createContainer",
              path: "/bin/sh",
              args: ["sh", "-c", `echo "$(basename $0) $PATH" >> ${told}`],
              env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            },
          ],
        },
      },
    ],
  })
/** And an administrator's own, of the machine's kind. */
export const teamSpec = JSON.stringify({
  cdiVersion: "0.5.0",
  kind: "nvidia.com/gpu",
  devices: [{ name: "team-a", containerEdits: { env: ["TEAM=a"], deviceNodes: [{ path: "/dev/nvidia3" }] } }],
})
export const lookForVendor =
  "head -c1 /dev/vendor0 | od -An -tx1; echo $VENDOR $NIC $TEAM; ls /dev | grep -E '^nvidia[0-9]'"

/** Runs a container to its end: variables of its environment, and what its shell does. It may make nodes. */
export type Start = (variables: readonly string[], script: string) => Promise<Ran>

export function testStarts(way: string, start: Start): void {
  describe(way, () => {
    test("one GPU and no other, and the loader finds the driver", async () => {
      const ran = await start(["NVIDIA_VISIBLE_DEVICES=2"], lookAround)
      expect(ran).toMatchObject({ status: 0, stdout: viewOf(2) })
    })

    test("a container that asks for nothing gets nothing", async () => {
      const script =
        "ls /dev | grep nvidia; find / -xdev -name '*nvidia*' -o -xdev -name 'libcuda*'; echo done"
      expect(await start([], script)).toMatchObject({ status: 0, stdout: "done\n" })
    })

    test("an unknown device fails, and says so where the user sees it", async () => {
      const ran = await start(["NVIDIA_VISIBLE_DEVICES=9"], "echo started")
      expect(ran.status).not.toBe(0)
      expect(ran.stdout).toBe("")
      expect(ran.stderr).toMatch(unknownDevice("9"))
      expect(ran.stderr.split("\n").filter((line) => line.includes("GAN2104"))).toHaveLength(1)
    })

    test("five at once each get their own", async () => {
      const ran = await Promise.all(
        [0, 1, 2, 3, 0].map((gpu) => start([`NVIDIA_VISIBLE_DEVICES=${gpu}`], lookAround)),
      )
      expect(ran.map(({ stdout }) => stdout)).toEqual([0, 1, 2, 3, 0].map(viewOf))
    })
  })
}
