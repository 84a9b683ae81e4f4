/** The CDI hooks as engines start them: beside the real ldconfig, before real loaders, and as createContainer hooks of real runc. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { parseLdcache } from "../../src/core/ldcache/parse-ldcache.ts"
import { renderLdcache } from "../../src/core/ldcache/render-ldcache.ts"
import { listRoot } from "../apply/cdi-hook/hook-root.ts"
import { compatLibrary } from "../core/compat/compat-library.ts"
import {
  addLoaderProbe,
  type Bundle,
  cdiHookProgram,
  gantryProgram,
  hasProgram,
  listTree,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  run,
  type SpecShape,
  type View,
} from "./bundle.ts"
import { library, machine, makeTree, trees } from "./library-trees.ts"

/** Runs a hook on a root, as crun tells where it lies. */
const hook = (root: string, ...args: readonly string[]): Ran =>
  run(cdiHookProgram, args, { input: JSON.stringify({ root }), cwd: "/" })

const lacksLdconfig = missing("ldconfig")
describe.skipIf(lacksLdconfig !== "")(
  lacksLdconfig === ""
    ? "update-ldcache beside ldconfig"
    : `update-ldcache beside ldconfig (missing: ${lacksLdconfig})`,
  () => {
    const work = lacksLdconfig === "" ? makeDirectory("cdi-ldconfig") : ""
    afterAll(() => rmSync(work, { recursive: true, force: true }))

    /** Both caches without the name of their maker, which only the real one has. */
    const cacheOf = (root: string): Uint8Array => {
      const parsed = parseLdcache(new Uint8Array(readFileSync(join(root, "etc/ld.so.cache"))))
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault))
      return renderLdcache({ ...parsed.value, extensions: [] })
    }

    // This machine's ldconfig is Debian's, and the trees are to be.
    test.each(trees.map(([name, files], index) => [name, files, index] as const))(
      "a tree %s: links and entries are those that ldconfig leaves",
      (_, files, index) => {
        const ours = join(work, `ours-${index}`)
        const real = join(work, `real-${index}`)
        makeTree(ours, {
          "/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n/opt/two\n",
          "/etc/debian_version": "12.0\n",
          "/opt/one/x": "",
          ...files,
        })
        cpSync(ours, real, { recursive: true, verbatimSymlinks: true })
        const ran = hook(ours, "update-ldcache", "--folder", "/opt/one")
        expect(ran).toMatchObject({ status: 0 })
        cpSync(join(ours, "etc/ld.so.conf.d"), join(real, "etc/ld.so.conf.d"), { recursive: true })
        run("ldconfig", ["-r", real])
        rmSync(join(real, "var"), { recursive: true, force: true })
        // ldconfig takes links of versions away that lead nowhere; we leave the image what it has.
        const left = Object.entries(listRoot(ours)).filter(
          ([path, kind]) =>
            existsSync(join(ours, path)) || !kind.startsWith("link") || !path.includes(".so."),
        )
        expect(Object.fromEntries(left)).toEqual(listRoot(real))
        expect(cacheOf(ours)).toEqual(cacheOf(real))
      },
    )
  },
)

const lacks = missing("runc", "busybox", "cc")
describe.skipIf(lacks !== "")(
  lacks === "" ? "CDI hooks under runc" : `CDI hooks under runc (missing: ${lacks})`,
  () => {
    const work = lacks === "" ? makeDirectory("cdi-hook") : ""
    const victim = join(work, "victim")
    beforeAll(() => makeTree(victim, { "/kept": "kept\n" }))
    afterAll(() => rmSync(work, { recursive: true, force: true }))

    const driver = "/opt/driver"
    const createContainer = [
      [
        cdiHookProgram,
        "create-symlinks",
        "--link",
        `libcuda.so.1::${driver}/libcuda.so`,
        "--link",
        "../x::/usr/lib/new/y",
        "--link",
        `libcuda.so.550.163.01::${driver}/libcuda.so.1`,
      ],
      [cdiHookProgram, "enable-cuda-compat", "--host-driver-version=550.163.01"],
      [cdiHookProgram, "update-ldcache", "--folder", driver],
      [cdiHookProgram, "update-application-profile"],
      [cdiHookProgram, "disable-device-node-modification"],
      [cdiHookProgram, "hook-of-tomorrow", "--flag", "x"],
    ]
    const makeGlibcRoot = (root: string): void => {
      makeBusyboxRoot(root)
      addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
      makeTree(root, {
        [`${driver}/libcuda.so.550.163.01`]: library("libcuda.so.1", {
          symbol: "gantry_libcuda",
          answer: 550,
        }),
      })
    }
    const start = (
      shape: Partial<SpecShape>,
      prepare: (root: string) => void = makeGlibcRoot,
      {
        look = () => undefined,
        view = "v1",
      }: { readonly look?: (bundle: Bundle) => void; readonly view?: View } = {},
    ): Ran => {
      const bundle = makeBundle(
        work,
        { args: ["/bin/loader-probe"], env: [], createContainer, ...shape },
        prepare,
      )
      try {
        const ran = bundle.start(view)
        look(bundle)
        return ran
      } finally {
        bundle.remove()
      }
    }
    const isServed = ({ status, stdout, stderr }: Ran): void => {
      expect(stderr).toBe("")
      expect({ status, stdout }).toEqual({ status: 0, stdout: "libcuda answers 550\n" })
    }

    test("a real loader finds the driver's library in a folder that only the hook told of", () => {
      isServed(start({}))
      expect(start({ createContainer: [] }).stdout).toContain("cannot open shared object file")
    })

    test("a compatibility library of the image comes before it, when its note names the host's driver", () => {
      const withCompat = (branch: number) => (root: string) => {
        makeGlibcRoot(root)
        const note = compatLibrary(`{"CUDA Version":"13.0","Driver":[${branch}]}`)
        makeTree(root, { "/usr/local/cuda/compat/libcuda.so.580.65.06": note })
      }
      const { stdout } = start({}, withCompat(550))
      // The library with a note answers by another name.
      expect(stdout).toBe("")
      isServed(start({}, withCompat(535)))
    })

    test("what is made is what was asked for, and the machine's tree is as before", () => {
      const before = listTree(victim)
      start({}, makeGlibcRoot, {
        look({ root }) {
          const listed = listRoot(root)
          expect(listed["/opt/driver/libcuda.so"]).toBe("link libcuda.so.1")
          expect(listed["/opt/driver/libcuda.so.1"]).toBe("link libcuda.so.550.163.01")
          expect(listed["/usr/lib/new/y"]).toBe("link ../x")
          expect(
            Object.keys(listed)
              .filter((path) => path.startsWith("/etc/"))
              .sort(),
          ).toEqual([
            "/etc/debian_version",
            "/etc/ld.so.cache",
            "/etc/ld.so.conf",
            "/etc/ld.so.conf.d",
            "/etc/ld.so.conf.d/00-nvcr-gantry.conf",
            "/etc/ld.so.conf.d/zz-nvcr-gantry.conf",
          ])
          expect(
            Object.keys(listed).filter(
              (path) => /gantry-|^\/(run|proc|sys)\//.test(path) && !path.endsWith("gantry.conf"),
            ),
          ).toEqual([])
        },
      })
      expect(listTree(victim)).toEqual(before)
    })

    test("a root that will be read-only", () => isServed(start({ isRootReadOnly: true })))

    test("an image without /etc", () => {
      isServed(
        start({}, (root) => {
          makeGlibcRoot(root)
          rmSync(join(root, "etc"), { recursive: true })
        }),
      )
    })

    test("a user namespace: what is made belongs to the container's root", () => {
      const prepare = (root: string): void => {
        makeGlibcRoot(root)
        mustRun("chown", ["-R", "100000:100000", root])
        mustRun("chmod", ["755", work])
      }
      const ran = start({ userNamespace: 100_000 }, prepare, {
        look({ root }) {
          for (const path of [
            "etc/ld.so.cache",
            "etc/ld.so.conf.d",
            "usr/lib/new/y",
            "opt/driver/libcuda.so.1",
          ])
            expect([path, lstatSync(join(root, path)).uid]).toEqual([path, 100_000])
        },
      })
      isServed(ran)
    })

    test("twice in one root: the second start changes nothing", () => {
      const bundle = makeBundle(
        work,
        { args: ["/bin/loader-probe"], env: [], createContainer },
        makeGlibcRoot,
      )
      isServed(bundle.start())
      const times = (): readonly number[] =>
        ["etc", "etc/ld.so.cache", "etc/ld.so.conf.d", "opt/driver", "usr/lib/new"].map(
          (path) => statSync(join(bundle.root, path)).ctimeMs,
        )
      const before = times()
      isServed(bundle.start())
      expect(times()).toEqual(before)
      bundle.remove()
    })

    describe("the driver's parameters", () => {
      const proc = { destination: "/proc", type: "bind", source: "/proc", options: ["rbind"] }
      const script =
        "cat /proc/driver/nvidia/params; echo 'ModifyDeviceFiles: 1' > /proc/driver/nvidia/params; ls /proc/driver/nvidia"
      const shape = {
        args: ["sh", "-c", script],
        proc,
        createContainer: [[cdiHookProgram, "disable-device-node-modification"]],
      }

      test.each([undefined, "shared"] as const)(
        "say that nobody makes nodes, and cannot be changed (propagation: %s)",
        (rootfsPropagation) => {
          const ran = start(
            { ...shape, ...(rootfsPropagation === undefined ? {} : { rootfsPropagation }) },
            makeBusyboxRoot,
            { view: "paramsInProc" },
          )
          expect(ran.stdout).toBe("Mobile: 1\nModifyDeviceFiles: 0\nDeviceFileUID: 0\nparams\n")
          expect(ran.stderr).toContain("Read-only file system")
        },
      )

      test("where there are none, nothing is done", () => {
        expect(start({ ...shape, args: ["true"] }, makeBusyboxRoot)).toEqual({
          status: 0,
          stdout: "",
          stderr: "",
        })
      })

      test("stay as they are for whom the engine shares its mounts with", () => {
        const place = join(work, "shared")
        mkdirSync(join(place, "proc"), { recursive: true })
        const outer = [
          "mount -t tmpfs none /proc/driver && mkdir /proc/driver/nvidia",
          "echo 'ModifyDeviceFiles: 1' > /proc/driver/nvidia/params",
          'mount --bind "$1" "$1" && mount --make-shared "$1" && mount --rbind /proc "$1/proc" && mount --make-rshared "$1/proc"',
          'unshare --mount --propagation unchanged sh -c "$3" sh "$1" "$2"',
          'cat "$1/proc/driver/nvidia/params"',
        ]
        const inner = `echo "{\\"root\\":\\"$1\\"}" | "$2" disable-device-node-modification && cat "$1/proc/driver/nvidia/params"`
        const script = ["--mount", "sh", "-ec", outer.join("\n"), "sh", place, cdiHookProgram, inner]
        expect(run("unshare", script)).toEqual({
          status: 0,
          stdout: "ModifyDeviceFiles: 0\nModifyDeviceFiles: 1\n",
          stderr: "",
        })
      })

      test("a container whose proc shows no driver starts, and is told of", () => {
        const place = join(work, "bare")
        mkdirSync(join(place, "proc"), { recursive: true })
        const script = [
          "mount -t tmpfs none /proc/driver && mkdir /proc/driver/nvidia",
          "echo 'ModifyDeviceFiles: 1' > /proc/driver/nvidia/params",
          'echo "{\\"root\\":\\"$1\\"}" | "$2" disable-device-node-modification',
        ]
        const ran = run("unshare", ["--mount", "sh", "-ec", script.join("\n"), "sh", place, cdiHookProgram])
        expect(ran.status).toBe(0)
        expect(ran.stderr).toMatch(/^warning: [^\n]+ \[GAN3031\][^\n]+\n$/)
        expect(readdirSync(join(place, "proc"))).toEqual([])
      })

      test("twice is once", () => {
        const twice = { ...shape, createContainer: [...shape.createContainer, ...shape.createContainer] }
        expect(start(twice, makeBusyboxRoot, { view: "paramsInProc" }).stdout).toContain(
          "ModifyDeviceFiles: 0",
        )
      })
    })

    describe("an image that sets traps", () => {
      const untouched = (): void => {
        expect(listTree(victim)).toEqual(["f kept"])
        expect(readFileSync(join(victim, "kept"), "utf8")).toBe("kept\n")
      }

      test("ldconfig of the image is replaced by the attacker's (CVE-2025-23267): nobody runs it", () => {
        const trap = (root: string): void => {
          makeGlibcRoot(root)
          makeTree(root, {
            "/sbin/ldconfig": `#!/bin/sh\necho ran > ${victim}/ran\necho ran > /ran\n`,
            "/usr/sbin/ldconfig.real": "#!/bin/sh\necho ran > /ran\n",
          })
          for (const path of ["sbin/ldconfig", "usr/sbin/ldconfig.real"]) chmodSync(join(root, path), 0o755)
        }
        const named = createContainer.map((line) =>
          line[1] === "update-ldcache" ? [...line, "--ldconfig-path", "/sbin/ldconfig"] : line,
        )
        const ran = start({ createContainer: named }, trap, {
          look: ({ root }) => expect(existsSync(join(root, "ran"))).toBe(false),
        })
        isServed(ran)
        untouched()
      })

      const levels = [
        "usr",
        "usr/lib",
        "usr/lib/new",
        "opt",
        "opt/driver",
        "etc",
        "etc/ld.so.conf",
        "etc/ld.so.conf.d",
        "etc/ld.so.cache",
      ]
      const targets = [
        "/",
        "/proc/self/root",
        `/proc/self/root${victim}`,
        "/proc/1/root",
        "/proc/self/cwd",
        victim,
        `${"../".repeat(30)}${victim.slice(1)}`,
      ]
      test.each(targets)("a link to %s at every level, with a proc mounted in the root", (target) => {
        for (const level of levels)
          start({ args: ["true"] }, (root) => {
            makeBusyboxRoot(root)
            makeTree(root, {
              "/opt/driver/libcuda.so.1.1": library("libcuda.so.1"),
              "/usr/lib/new/x": "",
              "/etc/ld.so.conf.d/x.conf": "/opt\n",
            })
            rmSync(join(root, level), { recursive: true, force: true })
            symlinkSync(target, join(root, level))
          })
        untouched()
      })

      test("what the image says of debugging is not said to us", () => {
        isServed(start({ env: ["NVIDIA_CTK_DEBUG=true"] }))
      })
    })

    test("a fault is one line in the engine's message", () => {
      const shape = { createContainer: [[cdiHookProgram, "create-symlinks", "--link", "a::/etc"]] }
      const { status, stderr } = start(shape)
      expect(status).not.toBe(0)
      expect(stderr).toContain(
        'failed to create link [a /etc]: renameat failed on \\"etc\\": EISDIR [GAN3040]',
      )
      expect(stderr).not.toContain("    at ")
    })

    test("a hook that is not known is a warning in nobody's way", () => {
      isServed(start({ createContainer: [...createContainer, [cdiHookProgram, "x"], [cdiHookProgram]] }))
    })
  },
)

describe("the command line", () => {
  const work = makeDirectory("cdi-line")
  const root = join(work, "rootfs")
  beforeAll(() => mkdirSync(root))
  afterAll(() => rmSync(work, { recursive: true, force: true }))
  const link = ["create-symlinks", "--link", "a::/b"]

  test("the state comes from standard input or from a file", () => {
    expect(hook(root, ...link).status).toBe(0)
    expect(lstatSync(join(root, "b")).isSymbolicLink()).toBe(true)
    rmSync(join(root, "b"))
    writeFileSync(join(work, "state.json"), JSON.stringify({ root }))
    expect(
      run(cdiHookProgram, [...link, "--container-spec", join(work, "state.json")], { input: "", cwd: "/" })
        .status,
    ).toBe(0)
    expect(lstatSync(join(root, "b")).isSymbolicLink()).toBe(true)
  })

  test.each([
    ["no state", "", "could not decode container state"],
    ["a state that is none", "[]", "GAN1201"],
    ["the machine's own root", '{"root":"/"}', "GAN1232"],
    ["a link to it", '{"root":"/proc/self/root"}', "GAN1232"],
    ["a bundle without config.json", '{"bundle":"/nowhere"}', "could not open OCI spec"],
  ])("%s fails with one line", (_, input, text) => {
    const { status, stderr } = run(cdiHookProgram, link, { input, cwd: "/" })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^[^\n]+\n$/)
    expect(stderr).toContain(text)
  })

  test("debugging tells what was done; quiet tells nothing but faults", () => {
    rmSync(join(root, "b"), { force: true })
    expect(hook(root, "--debug", ...link).stderr).toBe("debug: /b says a\n")
    expect(run(cdiHookProgram, ["unknown"], { env: { NVIDIA_CTK_QUIET: "true" } })).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    })
    expect(hook(root, "--quiet", "create-symlinks", "--link", "x").stderr).toContain(
      "invalid symlink specification x",
    )
  })

  test("thirty hooks at once in one root: each works, and what is left is whole", async () => {
    const crowded = join(work, "crowded")
    makeTree(crowded, {
      "/opt/a/liba.so.1.2": library("liba.so.1"),
      "/usr/local/cuda/compat/libcuda.so.550.1.1": library("libcuda.so.1"),
    })
    const lines = [
      ["update-ldcache", "--folder", "/opt/a"],
      ["enable-cuda-compat", "--host-driver-version=535.1.1"],
      ["create-symlinks", "--link", "x::/usr/lib/y", "--link", "z::/opt/new/z"],
    ]
    const codes = await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const stdin = new Blob([JSON.stringify({ root: crowded })])
        return Bun.spawn([cdiHookProgram, ...(lines[index % 3] ?? [])], { stdin, cwd: "/" }).exited
      }),
    )
    expect(codes).toEqual(codes.map(() => 0))
    expect(hook(crowded, "update-ldcache", "--folder", "/opt/a").status).toBe(0)
    const parsed = parseLdcache(new Uint8Array(readFileSync(join(crowded, "etc/ld.so.cache"))))
    expect(parsed.ok && parsed.value.entries.map(({ path }) => path).sort()).toEqual([
      "/opt/a/liba.so.1",
      "/usr/local/cuda/compat/libcuda.so.1",
    ])
    expect(readFileSync(join(crowded, "etc/ld.so.conf.d/00-nvcr-gantry.conf"), "utf8")).toBe("/opt/a\n")
    expect(Object.keys(listRoot(crowded)).filter((path) => path.includes("/.gantry-"))).toEqual([])
  })

  test("of nvidia-ctk hook and cdi are served", () => {
    const ctk = (...args: readonly string[]): Ran =>
      run(gantryProgram, ["nvidia-ctk", ...args], { input: JSON.stringify({ root }) })
    expect(ctk("--quiet", "--config", "/x", "hook", "create-symlinks", "--link", "a::/c").status).toBe(0)
    expect(lstatSync(join(root, "c")).isSymbolicLink()).toBe(true)
    expect(ctk("hook", "unknown").status).toBe(0)
    for (const args of [["runtime"], ["config"]]) {
      const { status, stderr } = ctk(...args)
      expect(status).toBe(3)
      expect(stderr).toContain("only hook and cdi are")
    }
    for (const args of [[], ["--debug"]])
      expect(ctk(...args)).toMatchObject({ status: 0, stdout: expect.stringContaining("usage: nvidia-ctk") })
  })

  test("a hostile working directory is nobody's", () => {
    const hostile = join(work, "hostile")
    makeTree(hostile, {
      "/bunfig.toml": 'preload = ["./evil.ts"]\n',
      "/evil.ts": `require("node:fs").writeFileSync("${work}/ran", "")\n`,
      "/.env": "BUN_OPTIONS=--preload=./evil.ts\nNVIDIA_CTK_DEBUG=true\n",
      "/package.json": '{"type":"commonjs","imports":{"#x":"./evil.ts"}}',
      "/tsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}',
      "/config.json": JSON.stringify({ root: { path: "rootfs" } }),
      "/rootfs/x": "",
    })
    const inside = (state: object): Ran =>
      run(cdiHookProgram, ["create-symlinks", "--link", "a::/d"], {
        input: JSON.stringify(state),
        cwd: hostile,
      })
    expect(inside({ root })).toEqual({ status: 0, stdout: "", stderr: "" })
    for (const state of [{}, { bundle: "" }, { bundle: "." }, { root: "rootfs" }])
      expect(inside(state).stderr).toContain("[GAN1232]")
    expect(listTree(join(hostile, "rootfs"))).toEqual(["f x"])
    expect(existsSync(join(work, "ran"))).toBe(false)
  })
})

const muslLoader = machine === "x86-64" ? "/lib/ld-musl-x86_64.so.1" : "/lib/ld-musl-aarch64.so.1"
const hasMusl = hasProgram("chroot") && existsSync(muslLoader) && process.getuid?.() === 0
describe.skipIf(!hasMusl)(
  hasMusl ? "before a real loader of musl" : "before a real loader of musl (missing: musl)",
  () => {
    test("a folder is searched in an Alpine image, and musl's own directories still are", () => {
      const root = makeDirectory("cdi-musl")
      makeTree(root, {
        "/etc/alpine-release": "3.20.0\n",
        "/opt/driver/libcuda.so.1": library("libcuda.so.1"),
        "/usr/local/lib/libown.so": library("libown.so"),
        "/program": library("program", { needed: ["libown.so", "libcuda.so.1"] }),
        "/lib/x": "",
      })
      copyFileSync(muslLoader, join(root, muslLoader))
      chmodSync(join(root, muslLoader), 0o755)
      const list = (): Ran => run("chroot", [root, muslLoader, "--list", "/program"])
      expect(list().stderr).toContain("libcuda.so.1: No such file")
      expect(hook(root, "update-ldcache", "--folder", "/opt/driver").status).toBe(0)
      expect(list().stdout).toContain("libcuda.so.1 => /opt/driver/libcuda.so.1")
      expect(list().stdout).toContain("libown.so => /usr/local/lib/libown.so")
      rmSync(root, { recursive: true })
    })
  },
)
