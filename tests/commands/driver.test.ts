import { describe, expect, test } from "bun:test"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dir, "../..")
const machine = (name: string): string => join(root, "hosts", name, "machine.json")

function driver(...args: readonly string[]) {
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), "driver", ...args])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}

interface File {
  readonly kind: string
  readonly path: string
  readonly bits: number | null
  readonly capabilities: readonly string[]
  readonly reasons: readonly { readonly kind: string; readonly capability?: string; readonly by?: string }[]
}

function files(name: string, ...args: readonly string[]): readonly File[] {
  const { exit, stdout, stderr } = driver("files", "--host", machine(name), "--json", ...args)
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" })
  return (JSON.parse(stdout) as { readonly files: readonly File[] }).files
}

const named = (list: readonly File[]): readonly string[] =>
  list.map(({ path }) => path.replace(/^.*\//, "").replace(/\.so\..*$/, ""))

describe("gantry driver files", () => {
  test("every library and binary says why it is in", () => {
    const list = files("a100")
    const reasoned = list.filter(({ kind }) => kind === "library" || kind === "binary")
    expect(reasoned.length).toBeGreaterThan(40)
    expect(reasoned.filter(({ reasons }) => reasons.length === 0)).toEqual([])
  })

  test("who needs a file is named by its path, and gives it its capabilities", () => {
    const list = files("a100")
    const needed = list.filter(({ reasons }) => reasons.some(({ kind }) => kind === "needed"))
    expect(needed.length).toBeGreaterThan(0)
    for (const { capabilities, reasons } of needed)
      for (const { by } of reasons.filter(({ kind }) => kind === "needed")) {
        const user = list.find(({ path }) => path === by)
        for (const capability of user?.capabilities ?? ["a file that is not there"])
          expect(capabilities).toContain(capability)
      }
    const { stdout } = driver("files", "--host", machine("a100"))
    expect(stdout).toMatch(/needed by libnvidia-/)
    expect(stdout).toContain("(beyond nvidia-container-cli)")
  })

  test("a capability brings its own files, and firmware", () => {
    const utility = named(files("a100", "--capability", "utility"))
    expect(utility).toContain("libnvidia-ml")
    expect(utility).toContain("nvidia-smi")
    expect(utility).toContain("gsp_ga10x.bin")
    expect(utility).not.toContain("libcuda")
  })

  test("video brings compute's libraries, not compute's binaries", () => {
    const video = named(files("a100", "--capability=video"))
    expect(video).toContain("libnvcuvid")
    expect(video).toContain("libcuda")
    expect(video).not.toContain("nvidia-cuda-mps-server")
    expect(video).not.toContain("libEGL_nvidia")
  })

  test("several capabilities bring together what each brings; all and none bring everything", () => {
    const [utility, compute, both] = ["utility", "compute", "compute,utility"].map((list) =>
      named(files("a100", "--capability", list)),
    )
    expect([...(both ?? [])].sort()).toEqual([...new Set([...(utility ?? []), ...(compute ?? [])])].sort())
    expect(files("a100", "--capability", "all")).toEqual([...files("a100")])
    for (const file of both ?? []) expect(named(files("a100"))).toContain(file)
  })

  test("files of 32 bits come only with compat32", () => {
    expect(files("a100", "--capability", "compute").some(({ bits }) => bits === 32)).toBe(false)
  })

  test.each<[line: string, exit: number, says: string]>([
    ["", 2, "say files, or diff and two machines"],
    ["files extra", 2, "say files, or diff and two machines"],
    ["frobnicate", 2, "say files, or diff and two machines"],
    ["diff one", 2, "say files, or diff and two machines"],
    ["files --capability nope", 2, 'unknown capability "nope", known: compat32, compute'],
    [`diff ${machine("mig")} ${machine("mig")} --host live`, 2, "--host is said of files, not of diff"],
    [
      `diff ${machine("mig")} ${machine("mig")} --capability compute`,
      2,
      "--capability is said of files, not of diff",
    ],
    ["files --host /nowhere", 1, "[GAN2020]"],
    [`files --host ${machine("no-driver")}`, 1, "[GAN2102]"],
    [`diff ${machine("mig")} /nowhere`, 1, "[GAN2020]"],
    [`diff ${machine("no-driver")} ${machine("mig")}`, 1, "[GAN2102]"],
  ])("%j is %d", (line, exit, says) => {
    const answer = driver(...line.split(" ").filter((word) => word !== ""))
    expect([answer.exit, answer.stdout]).toEqual([exit, ""])
    expect(answer.stderr).toContain(says)
  })
})

describe("gantry driver diff", () => {
  interface Difference {
    readonly version: number
    readonly versions: { readonly one: string; readonly other: string }
    readonly onlyOne: readonly string[]
    readonly onlyOther: readonly string[]
    readonly moved: readonly { readonly from: string; readonly to: string; readonly files: number }[]
  }
  const difference = (one: string, other: string): Difference =>
    JSON.parse(driver("diff", machine(one), machine(other), "--json").stdout) as Difference

  test("a driver differs from itself in nothing", () => {
    expect(driver("diff", machine("mig"), machine("mig"))).toEqual({
      exit: 0,
      stdout: "no difference but the version\n",
      stderr: "",
    })
  })

  test("versions do not count as a difference, in file names and in text", () => {
    const { stdout } = driver("diff", machine("l40s"), machine("gb200"))
    expect(stdout).not.toMatch(/^[-+] .*\.so\.(550\.163\.01|580\.65\.06)$/m)
    expect(stdout).not.toMatch(/^[-+] .*libcuda\.so/m)
  })

  test("what only one has, what only the other has, and from both sides the same", () => {
    const there = difference("a100", "orin")
    const back = difference("orin", "a100")
    expect(there.version).toBe(1)
    expect(there.onlyOne.length + there.onlyOther.length).toBeGreaterThan(0)
    expect(there.onlyOne).toEqual([...back.onlyOther])
    expect(there.onlyOther).toEqual([...back.onlyOne])
    expect(there.onlyOther).toEqual([...there.onlyOther].sort())
  })

  test("a distribution that keeps its files elsewhere has moved them, not lost them", () => {
    expect(difference("t4", "a100")).toMatchObject({
      onlyOne: [],
      onlyOther: [],
      moved: [
        { from: "/usr/lib/x86_64-linux-gnu/nvidia/current", to: "/usr/lib/x86_64-linux-gnu", files: 34 },
        {
          from: "/usr/lib/x86_64-linux-gnu/nvidia/current/vdpau",
          to: "/usr/lib/x86_64-linux-gnu/vdpau",
          files: 1,
        },
      ],
      changed: [],
    })
  })

  test("the text says which sign means which machine", () => {
    const { stdout } = driver("diff", machine("t4"), machine("a100"))
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(
      `- only in ${machine("t4")}, + only in ${machine("a100")}, > in another directory, ~ changed`,
    )
  })
})
