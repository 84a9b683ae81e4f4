import { beforeEach, describe, expect, test } from "bun:test"
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { hostPath } from "../../../src/core/text/brand.ts"
import type { Made } from "../../../src/host/simulate/made.ts"
import { removeMachine } from "../../../src/host/simulate/remove-machine.ts"
import { writeMachine } from "../../../src/host/simulate/write-machine.ts"
import { createSimulatedHost } from "../../../src/host/simulated.ts"
import { manifestName, readManifest } from "../../../src/host/simulated-files.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"
import { makeMachine } from "./generated.ts"

const work = temporaryDirectory("write")
const directory = join(work, "machine")
const elsewhere = join(work, "elsewhere")
beforeEach(() => {
  rmSync(directory, { recursive: true, force: true })
  rmSync(elsewhere, { recursive: true, force: true })
  mkdirSync(elsewhere)
})

const isRoot = process.geteuid?.() === 0
const file = (path: string, text = "x", mode = 0o644): Made => ({
  kind: "file",
  path,
  mode,
  content: new TextEncoder().encode(text),
})
const write = (made: readonly Made[], denied: readonly string[] = []) =>
  writeMachine(directory, { model: "a100", driverVersion: "550.1", gpus: 0, made, denied })

describe("making a machine", () => {
  test("what is longer than its content ends in a hole, or in line breaks", () => {
    const hole: Made = { ...(file("/hole") as Extract<Made, { kind: "file" }>), sizeBytes: 4 * 1024 ** 3 }
    const padded: Made = {
      ...(file("/padded") as Extract<Made, { kind: "file" }>),
      sizeBytes: 4,
      isPadded: true,
    }
    const cut: Made = { ...(file("/cut", "long") as Extract<Made, { kind: "file" }>), sizeBytes: 2 }
    write([hole, padded, cut])
    const stat = lstatSync(join(directory, "hole"))
    expect([stat.size, stat.blocks < 100]).toEqual([4 * 1024 ** 3, true])
    expect(readFileSync(join(directory, "padded"), "utf8")).toBe("x\n\n\n")
    expect(readFileSync(join(directory, "cut"), "utf8")).toBe("lo")
  })

  test("modes are those described, whatever the umask, and also those of directories above", () => {
    const before = process.umask(0o077)
    try {
      write([file("/a/b/open", "", 0o666), { kind: "directory", path: "/shut", mode: 0o2555 }])
    } finally {
      process.umask(before)
    }
    const modes = ["a", "a/b", "a/b/open", "shut"].map(
      (path) => lstatSync(join(directory, path)).mode & 0o7777,
    )
    expect(modes).toEqual([0o755, 0o755, 0o666, 0o2555])
  })

  /** Every path of the machine that its group or everybody may write. Links have no mode of their own. */
  const writableByOthers = (below = ""): readonly string[] =>
    readdirSync(`${directory}${below}`).flatMap((name) => {
      const path = `${below}/${name}`
      const stat = lstatSync(`${directory}${path}`)
      const own = !stat.isSymbolicLink() && (stat.mode & 0o022) !== 0 ? [path] : []
      return stat.isDirectory() ? [...own, ...writableByOthers(path)] : own
    })

  test.each([
    ["new", () => {}],
    ["that stood empty and open to all", () => mkdirSync(directory, 0o777)],
    ["made anew", () => write([file("/usr/lib/libnvidia-ml.so.1")])],
  ])("nobody but the maker may write in a machine %s, whatever the umask", (_what, prepare) => {
    const before = process.umask(0)
    try {
      prepare()
      write([file("/usr/lib/libnvidia-ml.so.1"), file("/a/b/open", "", 0o666), file("/.hidden/c")])
    } finally {
      process.umask(before)
    }
    expect(lstatSync(directory).mode & 0o7777).toBe(0o755)
    expect(lstatSync(join(directory, manifestName)).mode & 0o7777).toBe(0o644)
    // What the description says itself is so.
    expect(writableByOthers()).toEqual(["/a/b/open"])
  })

  test("of a generated machine only device nodes may be written by all", () => {
    const before = process.umask(0)
    try {
      makeMachine(directory, { mig: "0:1/0=3g.20gb", hasCompat32: true })
    } finally {
      process.umask(before)
    }
    expect(writableByOthers().filter((path) => !path.startsWith("/dev/"))).toEqual([])
  })

  test.skipIf(!isRoot)(
    "set-user-ID survives the change of owner (missing: root, to give a file away)",
    () => {
      write([{ ...file("/program", "", 0o4755), uid: 7, gid: 8 }])
      const { mode, uid, gid } = lstatSync(join(directory, "program"))
      expect([mode & 0o7777, uid, gid]).toEqual([0o4755, 7, 8])
    },
  )

  test("a directory that nobody may enter has what lies in it, and can be taken away", () => {
    write([{ kind: "directory", path: "/shut", mode: 0 }, file("/shut/in/it")])
    expect(lstatSync(join(directory, "shut")).mode & 0o777).toBe(0)
    expect(removeMachine(directory)).toEqual({ ok: true, value: { kept: [] } })
    expect(existsSync(directory)).toBe(false)
  })

  test("nothing is made through a link that somebody left where the machine lay", () => {
    write([file("/etc/one")])
    symlinkSync(elsewhere, join(directory, "usr"))
    const written = write([file("/usr/bin/nvidia-smi")])
    expect(written.ok).toBe(false)
    expect(readdirSync(elsewhere)).toEqual([])
  })

  test("nothing is made through a link of the machine itself", () => {
    write([
      { kind: "symlink", path: "/usr", target: elsewhere },
      { kind: "symlink", path: "/usr/x", target: "y" },
    ])
    expect(readdirSync(elsewhere)).toEqual([])
  })

  test.each([
    ["a file", () => writeFileSync(directory, "")],
    ["a directory that holds something", () => mkdirSync(join(directory, "mine"), { recursive: true })],
    ["a link to a directory", () => symlinkSync(elsewhere, directory)],
    ["a link to nothing", () => symlinkSync(join(work, "nothing"), directory)],
  ])("%s is not filled", (_what, prepare) => {
    prepare()
    expect(write([file("/a")]).ok).toBe(false)
    expect(readdirSync(elsewhere)).toEqual([])
    rmSync(directory, { recursive: true, force: true })
  })
})

describe("a machine that was left half made", () => {
  test("killed before anything was made: the place can be used", () => {
    mkdirSync(directory)
    writeFileSync(join(directory, `${manifestName}.new`), '{"version"')
    expect(write([file("/a")]).ok).toBe(true)
    expect(readdirSync(directory).sort()).toEqual([manifestName, "a"])
  })

  test("killed in the middle: what was made is taken away, and no more is asked for", () => {
    write([file("/a/b"), file("/c")])
    rmSync(join(directory, "c"))
    writeFileSync(join(directory, `${manifestName}.new`), '{"version"')
    expect(removeMachine(directory)).toEqual({ ok: true, value: { kept: [] } })
    expect(existsSync(directory)).toBe(false)
  })

  test("killed while it was taken away: the rest can be taken away, or made anew", () => {
    const made = [file("/a/b"), file("/c")]
    write(made)
    rmSync(join(directory, "a"), { recursive: true })
    expect(write(made).ok).toBe(true)
    rmSync(join(directory, "c"))
    expect(removeMachine(directory).ok).toBe(true)
    expect(existsSync(directory)).toBe(false)
  })
})

describe("taking a machine away", () => {
  test("a directory that has become a link is taken away, and what it leads to stays", () => {
    write([file("/usr/bin/a")])
    writeFileSync(join(elsewhere, "a"), "precious")
    rmSync(join(directory, "usr"), { recursive: true })
    symlinkSync(elsewhere, join(directory, "usr"))
    expect(removeMachine(directory).ok).toBe(true)
    expect(readdirSync(elsewhere)).toEqual(["a"])
    expect(existsSync(directory)).toBe(false)
  })

  test("its place may have become a link: what it leads to is the machine", () => {
    write([file("/a")])
    const moved = join(work, "moved")
    renameSync(directory, moved)
    symlinkSync(moved, directory)
    expect(removeMachine(directory).ok).toBe(true)
    expect(existsSync(moved)).toBe(false)
    rmSync(directory)
  })

  test.skipIf(!isRoot)("another user's is refused (missing: root, to become another user)", () => {
    chmodSync(work, 0o777)
    process.seteuid?.(65534)
    write([file("/a")])
    process.seteuid?.(0)
    expect(removeMachine(directory).ok).toBe(false)
    expect(existsSync(join(directory, "a"))).toBe(true)
  })
})

describe("what a simulated machine shows", () => {
  const host = () => createSimulatedHost(directory, { state: undefined })
  const problem = (
    outcome: ReturnType<ReturnType<typeof host>["lstat"]> | { ok: boolean; fault?: unknown },
  ) =>
    outcome.ok ? "no problem" : JSON.parse(JSON.stringify((outcome as { fault: unknown }).fault)).data.errno

  test("a denied file is there and cannot be read, by root either", () => {
    write([file("/secret")], ["/secret"])
    expect(host().lstat(hostPath("/secret")).ok).toBe(true)
    expect(problem(host().readFile(hostPath("/secret")))).toBe("EACCES")
  })

  test("a denied directory is there, and nothing in it can be seen", () => {
    write([file("/shut/a"), { kind: "symlink", path: "/shut/l", target: "a" }], ["/shut"])
    const machine = host()
    expect(machine.lstat(hostPath("/shut")).ok).toBe(true)
    expect(machine.exists(hostPath("/shut/a"))).toBe(false)
    const outcomes = [
      machine.readDir(hostPath("/shut")),
      machine.readFile(hostPath("/shut/a")),
      machine.lstat(hostPath("/shut/a")),
      machine.readLink(hostPath("/shut/l")),
    ]
    expect(outcomes.map(problem)).toEqual(["EACCES", "EACCES", "EACCES", "EACCES"])
  })

  test("a node that is only described goes when its place-holder goes, and is none when that is no file", () => {
    write([file("/dev/nvidia0", "")])
    const manifest = {
      ...readManifest(directory),
      impliedNodes: { "/dev/nvidia0": { major: 195, minor: 0, mode: 0o666 } },
    }
    writeFileSync(join(directory, manifestName), JSON.stringify(manifest))
    expect(host().lstat(hostPath("/dev/nvidia0"))).toMatchObject({ value: { kind: "character", major: 195 } })
    rmSync(join(directory, "dev/nvidia0"))
    expect(problem(host().lstat(hostPath("/dev/nvidia0")))).toBe("ENOENT")
    mkdirSync(join(directory, "dev/nvidia0"))
    expect(host().lstat(hostPath("/dev/nvidia0"))).toMatchObject({ value: { kind: "directory" } })
  })

  test("it is known by its absolute path, however it was named", () => {
    write([file("/a")])
    const before = process.cwd()
    process.chdir(work)
    try {
      const machine = createSimulatedHost("machine", { state: undefined })
      expect(machine.provenance.name).toBe(directory)
      expect(machine.livePath(hostPath("/a"))).toBe(join(directory, "a"))
    } finally {
      process.chdir(before)
    }
  })

  test.each([
    ["owners that are none", { impliedOwners: { "/a": ["root", "root"] } }],
    ["nodes without numbers", { impliedNodes: { "/a": { major: "195" } } }],
    ["paths that leave the machine", { paths: ["/../etc"] }],
    ["another version", { version: 2 }],
  ])("a manifest with %s is not believed", (_what, change) => {
    write([file("/a")])
    writeFileSync(join(directory, manifestName), JSON.stringify({ ...readManifest(directory), ...change }))
    expect(readManifest(directory)).toBeUndefined()
  })
})
