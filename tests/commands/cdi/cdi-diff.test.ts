/** Of which files `gantry cdi diff` tells what the machine would have in their place, what it tells, and what it refuses. */

import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { run as simulate } from "../../../src/commands/simulate.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const root = resolve(import.meta.dir, "../../..")
const work = temporaryDirectory("diff")

function diff(...words: readonly string[]) {
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), "cdi", "diff", ...words])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}
const on = (machine: string): readonly string[] => ["--host", join(root, "hosts", machine, "machine.json")]

function file(name: string, kind: string, containerEdits: object, ...called: readonly string[]): string {
  const path = join(work, `${name}.json`)
  const devices = (called.length > 0 ? called : ["0"]).map((device) => ({ name: device, containerEdits }))
  writeFileSync(path, JSON.stringify({ cdiVersion: "0.5.0", kind, devices }))
  return path
}
const [one, other] = [
  file("one", "v.com/card", { env: ["A=1"] }),
  file("other", "v.com/card", { env: ["A=2"] }),
]
const mount = (path: string) => ({ mounts: [{ hostPath: path, containerPath: path }] })

describe("two files", () => {
  test("what differs is no failure: it is what was asked for", () => {
    expect(diff(one, other)).toEqual({
      exit: 0,
      stdout: "- device 0 env A=1\n+ device 0 env A=2\n",
      stderr: "",
    })
  })

  test.each(["--host=live", "--library-search-path=/x"])("are compared by themselves, without %s", (flag) => {
    const { exit, stdout, stderr } = diff(one, other, flag)
    expect([exit, stdout]).toEqual([2, ""])
    expect(stderr).toContain(
      `files are compared by themselves: ${flag.replace(/=.*/, "")} says nothing of them`,
    )
  })

  test("either may be one that engines refuse, which is told, and nothing is compared", () => {
    const wrong = file("wrong", "v.com/card", {})
    for (const words of [
      [one, wrong],
      [wrong, one],
      [wrong, "machine", ...on("a100")],
    ]) {
      const { exit, stdout, stderr } = diff(...words)
      expect([exit, stdout]).toEqual([1, ""])
      expect(stderr).toStartWith(wrong)
    }
  })
})

describe("a file and a machine", () => {
  test.each<[what: string, kind: string, containerEdits: object]>([
    ["NVIDIA's kind", "nvidia.com/gpu", { env: ["A=1"] }],
    ["a kind below NVIDIA's name", "gpus.nvidia.com/gpu", { env: ["A=1"] }],
    [
      "its author's kind, with a node of the driver's",
      "v.com/gpu",
      { deviceNodes: [{ path: "/dev/nvidia0" }] },
    ],
    ["its author's kind, with the node of WSL", "v.com/gpu", { deviceNodes: [{ path: "/dev/dxg" }] }],
    ["its author's kind, with libcuda", "v.com/gpu", mount("/usr/lib/libcuda.so.1")],
    ["its author's kind, with libnvidia-ml", "v.com/gpu", mount("/usr/lib/libnvidia-ml.so.1")],
  ])("of %s is compared with NVIDIA's GPUs", (_what, kind, containerEdits) => {
    const { exit, stdout } = diff(file("nvidia", kind, containerEdits), "machine", ...on("one-gpu"))
    expect(exit).toBe(0)
    expect(stdout).toContain("+ containerEdits mounts ")
  })

  test.each<[what: string, kind: string, containerEdits: object]>([
    ["another's kind", "v.com/gpu", { env: ["A=1"] }],
    ["a kind that only ends like NVIDIA's", "notnvidia.com/gpu", { env: ["A=1"] }],
    [
      "a kind with a library that is only called like the driver's",
      "v.com/gpu",
      mount("/opt/libcudart.so.12"),
    ],
    [
      "a kind with a node that is only called like WSL's",
      "v.com/gpu",
      { deviceNodes: [{ path: "/dev/dxg0" }] },
    ],
  ])("of %s is compared with nothing: nobody here makes such a file", (_what, kind, containerEdits) => {
    const { exit, stdout, stderr } = diff(file("nobodys", kind, containerEdits), "machine", ...on("one-gpu"))
    expect([exit, stdout]).toEqual([2, ""])
    expect(stderr).toContain(`nothing would be generated in the place of a file of kind "${kind}"`)
  })

  test.each(["--driver-root=/opt", "--library-search-path=/opt"])(
    "of AMD's kind it is not asked where NVIDIA's driver lies: %s",
    (flag) => {
      const amd = file("amd", "amd.com/gpu", { deviceNodes: [{ path: "/dev/kfd" }] })
      const { exit, stdout, stderr } = diff(amd, "machine", ...on("amd-mi300x"), flag)
      expect([exit, stdout]).toEqual([2, ""])
      expect(stderr).toContain(`${flag.replace(/=.*/, "")} says nothing of a file of kind amd.com/gpu`)
    },
  )

  test.each(["--driver-root=opt", "--library-search-path=opt"])(
    "where NVIDIA's driver lies is an absolute path: %s",
    (flag) => {
      const nvidia = file("nvidia", "nvidia.com/gpu", { env: ["A=1"] })
      const { exit, stdout, stderr } = diff(nvidia, "machine", ...on("one-gpu"), flag)
      expect([exit, stdout]).toEqual([2, ""])
      expect(stderr).toContain('"opt" is not an absolute path')
    },
  )

  test("what the machine has besides is a note under the device's first way of naming, and stands in the JSON", () => {
    const devices = (...names: readonly string[]) => file("few", "nvidia.com/gpu", { env: ["A=1"] }, ...names)
    const { stderr } = diff(devices("0"), "machine", ...on("a100"))
    expect(stderr).toBe("note: the machine has more than the file gives: 1, 2, 3, 4, 5, 6, 7\n")
    const one = diff(devices(..."0123456"), "machine", ...on("a100"))
    expect(one.stderr).toBe("note: the machine has more than the file gives: 7\n")
    // What is told as a difference is not told again.
    const mixed = diff(devices("0", "gpu1"), "machine", ...on("a100"))
    expect(mixed.stdout.match(/^\+ device \S+$/gm)).toEqual(["+ device 1", "+ device gpu0"])
    expect(mixed.stderr).toBe("note: the machine has more than the file gives: 2, 3, 4, 5, 6, 7\n")
    const { stdout } = diff(devices("gpu6"), "machine", "--json", ...on("a100"))
    expect(JSON.parse(stdout).unlisted).toEqual(["gpu0", "gpu1", "gpu2", "gpu3", "gpu4", "gpu5", "gpu7"])
  })

  test("what of the machine cannot be read is told of: a difference may be of that alone", async () => {
    const library = "/usr/lib/x86_64-linux-gnu/libnvoptix.so.550.163.01"
    const machine = join(work, "unread")
    expect(
      await simulate(["up", machine, "--gpus", "1", "--no-nvml", "--defect", `unreadable:${library}`]),
    ).toBe(0)
    const { exit, stderr } = diff(
      file("mine", "nvidia.com/gpu", mount(library)),
      "machine",
      "--host",
      machine,
    )
    expect(exit).toBe(0)
    expect(stderr).toContain(
      `warning: cannot read "${library}": open: EACCES [GAN2001]: run as a user who may`,
    )
    expect(await simulate(["down", machine])).toBe(0)
  })

  test("a link for the file that it leads to is a difference, but not in a file that was placed on a machine in a directory", async () => {
    const machine = join(work, "machine")
    expect(await simulate(["up", machine, "--gpus", "1", "--no-nvml"])).toBe(0)
    const placed = join(work, "placed.json")
    const made = ["cdi", "generate", "--host", machine, "--hook-path=/bin/sh", "--format=json"]
    const text = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...made]).stdout.toString()
    const library = `${machine}/usr/lib/x86_64-linux-gnu/libcuda.so`
    const linked = text.replace(`"hostPath":"${library}.550.163.01"`, `"hostPath":"${library}.1"`)
    expect(linked).not.toBe(text)
    writeFileSync(placed, linked)
    const compared = (path: string) => diff(path, "machine", "--host", machine).stdout
    expect(compared(placed)).toBe("no difference for containers\n")
    const own = join(work, "own.json")
    writeFileSync(own, text.replaceAll(`${machine}/`, "/"))
    expect(compared(own)).toBe("no difference for containers\n")
    writeFileSync(own, linked.replaceAll(`${machine}/`, "/"))
    expect(compared(own).match(/(?<=^[-+] containerEdits mounts \{"hostPath":")[^"]+/gm)).toEqual([
      "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
      "/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01",
    ])
  })

  test("a machine that is not there, or of which no such file can be made, is told of", () => {
    expect(diff(one, "machine", "--host", join(work, "nowhere")).exit).toBe(1)
    const nvidia = file("nvidia", "nvidia.com/gpu", { env: ["A=1"] })
    for (const [words, code] of [
      [[nvidia, "machine", ...on("no-driver")], "GAN2102"],
      [[nvidia, "machine", ...on("upgraded-not-rebooted")], "GAN2114"],
      [[file("amd", "amd.com/gpu", { env: ["A=1"] }), "machine", ...on("one-gpu")], "GAN2179"],
    ] as const) {
      const { exit, stdout, stderr } = diff(...words)
      expect([exit, stdout]).toEqual([1, ""])
      expect(stderr).toContain(`[${code}]`)
    }
  })
})

test.each([[[]], [[one]], [[one, other, one]], [[one, "machine", "machine"]]])(
  "%p is wrong usage: it takes two files, or a file and a word",
  (words) => {
    const { exit, stdout, stderr } = diff(...words)
    expect([exit, stdout]).toEqual([2, ""])
    expect(stderr).toContain("diff takes two files, or a file and the word machine")
  },
)

test("the word machine comes second, which is told of where it comes first", () => {
  const { exit, stdout, stderr } = diff("machine", one)
  expect([exit, stdout]).toEqual([2, ""])
  expect(stderr).toContain("the word machine comes second: diff FILE machine")
})
