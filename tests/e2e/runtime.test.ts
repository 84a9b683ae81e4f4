import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import {
  addLoaderProbe,
  gantryProgram,
  hasProgram,
  listTree,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  renderSpec,
  run,
  type SpecShape,
} from "./bundle.ts"

const lacks = missing("runc", "busybox", "cc")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "runc" : `runc (missing: ${lacks})`
const bin = join(import.meta.dir, "../../dist/bin")
const hookName = "nvidia-container-runtime-hook"

suite(`the runtime wrapper, with real containers: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("runtime") : ""
  const machine = join(work, "machine")
  const settings = join(work, "settings")
  const state = join(work, "state")
  const env = { ...process.env, XDG_CONFIG_HOME: settings }
  const configure = (lines: string): void => {
    mkdirSync(join(settings, "nvidia-container-runtime"), { recursive: true })
    writeFileSync(join(settings, "nvidia-container-runtime/config.toml"), lines)
  }
  const own = `[gantry]\nhost = "${machine}"\n`

  beforeAll(() => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "4", "--model", "a100"])
    configure(own)
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  interface Started extends Ran {
    readonly before: string
    readonly after: string
    readonly tree: readonly string[]
  }

  /** `before`: shell commands in a mount namespace of their own, ahead of the wrapper. */
  function start(
    shape: SpecShape,
    more: {
      readonly name?: string
      readonly view?: string
      readonly prepare?: (root: string) => void
      readonly args?: readonly string[]
      readonly edit?: (spec: string) => string
    } = {},
  ): Started {
    const bundle = makeBundle(work, shape, more.prepare ?? makeBusyboxRoot)
    const id = basename(bundle.directory)
    const spec = join(bundle.directory, "config.json")
    if (more.edit !== undefined) writeFileSync(spec, more.edit(readFileSync(spec, "utf8")))
    const before = readFileSync(spec, "utf8")
    const program = join(bin, more.name ?? "nvidia-container-runtime")
    const args = [...(more.args ?? []), "--root", state, "run", "--bundle", bundle.directory, id]
    try {
      const ran =
        more.view === undefined
          ? run(program, args, { env })
          : run("unshare", ["--mount", "sh", "-c", `${more.view} && exec "$@"`, "sh", program, ...args], {
              env,
            })
      return { ...ran, before, after: readFileSync(spec, "utf8"), tree: listTree(bundle.root) }
    } finally {
      run("runc", ["--root", state, "delete", "--force", id])
      rmSync(bundle.directory, { recursive: true, force: true })
    }
  }
  const lines = ({ stdout }: Ran): readonly string[] => stdout.trim().split("\n")
  const gpu1 = ["NVIDIA_VISIBLE_DEVICES=1"]

  describe.each([
    "nvidia-container-runtime",
    "nvidia-container-runtime.legacy",
    "nvidia-container-runtime.cdi",
  ])("%s", (name) => {
    test("gives the GPU that was asked for and no other, and the driver's libraries are found", () => {
      const script =
        "ls /dev | grep -E 'nvidia[0-9]'; nvidia-smi -L; loader-probe libcuda.so.1; id -G; cat /dev/nvidia1"
      const ran = start(
        { args: ["sh", "-c", script], env: gpu1 },
        {
          name,
          prepare: (root) => {
            makeBusyboxRoot(root)
            addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
          },
        },
      )
      expect(lines(ran)[0]).toBe("nvidia1")
      expect(ran.stdout).toContain("GPU 0: NVIDIA A100-SXM4-40GB")
      expect(ran.stdout).toContain("libcuda answers")
      // Behind the simulated node is no driver: a permitted open ends in ENXIO, a forbidden one in EPERM.
      expect(ran.stderr).toContain("No such device or address")
    })
  })

  test.each(["auto", "jit-cdi", "cdi", "legacy"])(
    "mode %s of the configuration, where the machine has only cgroup v2",
    (mode) => {
      configure(`[nvidia-container-runtime]\nmode = "${mode}"\n${own}`)
      const view = `mkdir -p ${work}/v2 && mount -t cgroup2 none ${work}/v2 && umount -l /sys/fs/cgroup && mount --move ${work}/v2 /sys/fs/cgroup`
      const script =
        "mknod /tmp/other c 195 2; for n in /dev/nvidia1 /tmp/other; do cat $n 2>&1 | sed 's/.*: //'; done"
      try {
        const ran = start({ args: ["sh", "-c", script], env: gpu1 }, { view })
        expect(ran.stdout).toBe("No such device or address\nOperation not permitted\n")
      } finally {
        configure(own)
      }
    },
  )

  test("a CDI name of the machine's own kind is the device of that name", () => {
    const ran = start({ args: ["ls", "/dev"], env: ["NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=2"] })
    expect(lines(ran).filter((line) => /^nvidia\d/.test(line))).toEqual(["nvidia2"])
  })

  test("an annotation asks for a device, also where the launcher has nothing else to go by", () => {
    const annotated = (spec: string): string =>
      spec.replace(
        '"hostname":"gantry"',
        '"hostname":"gantry","annotations":{"cdi.k8s.io/x":"nvidia.com/gpu=3"}',
      )
    const ran = start({ args: ["ls", "/dev"], env: ["A=b"] }, { edit: annotated })
    expect(lines(ran).filter((line) => /^nvidia\d/.test(line))).toEqual(["nvidia3"])
    const other = (spec: string): string => annotated(spec).replace("nvidia.com/gpu=3", "example.com/nic=0")
    const passed = start({ args: ["true"], env: ["A=b"] }, { edit: other })
    expect([passed.status, passed.after]).toEqual([0, passed.before])
  })

  test("what was worked out for one container is done for the next, until the machine changes", () => {
    const shape = { args: ["ls", "-R", "/usr"], env: gpu1 }
    // The first looks at the machine, the second plans from what is remembered, the third does what was planned.
    const [first, second, third] = [start(shape), start(shape), start(shape)]
    const neutral = ({ after }: Started): string => after.replaceAll(/gantry-runtime-[^/"]*\/[^/"]*/g, "")
    expect([neutral(second), neutral(third)]).toEqual([neutral(first), neutral(first)])
    expect([second.tree, third.tree]).toEqual([first.tree, first.tree])
    expect(third.stdout).toContain("libnvidia-ptxjitcompiler.so.1")
    const library = join(machine, "usr/lib/x86_64-linux-gnu/libnvidia-ptxjitcompiler.so.550.163.01")
    renameSync(library, `${library}.away`)
    try {
      expect(start(shape).stdout).not.toContain("libnvidia-ptxjitcompiler.so.1")
    } finally {
      renameSync(`${library}.away`, library)
    }
    expect(start(shape).stdout).toContain("libnvidia-ptxjitcompiler.so.1")
  })

  test("who may open a DRM node, and where it lies on the bus", () => {
    const script =
      "id -G; ls /dev/dri; for l in /dev/dri/by-path/*; do readlink -f $l; done; su -s /bin/sh nobody -c 'ls /dev/dri/by-path' 2>&1 || ls /dev/dri/by-path"
    const ran = start({ args: ["sh", "-c", script], env: gpu1 })
    expect(ran.stdout).toContain("44 105")
    expect(ran.stdout).toContain("/dev/dri/card2\n/dev/dri/renderD129\n")
  })

  test("a container that asks for no GPU: not one byte of its specification or its root is changed", () => {
    const plain = start({ args: ["true"], env: ["A=b"] })
    expect([plain.status, plain.after]).toEqual([0, plain.before])
    const none = start({ args: ["true"], env: ["NVIDIA_VISIBLE_DEVICES=void"] })
    expect([none.status, none.after]).toEqual([0, none.before])
    expect(none.tree).toEqual(plain.tree)
  })

  test("what the specification says beside GPUs stays as it was written", () => {
    const odd = (spec: string): string =>
      spec.replace(
        '"hostname":"gantry"',
        '"hostname" : "gantry", "annotations": {"n": "18446744073709551615", "1": "x"}, "zzz": 1.50e3',
      )
    const ran = start({ args: ["true"], env: gpu1 }, { edit: odd })
    expect(ran.status).toBe(0)
    expect(ran.after).toContain(
      '"hostname" : "gantry", "annotations": {"n": "18446744073709551615", "1": "x"}, "zzz": 1.50e3',
    )
  })

  test("another tool's hook is taken out: nothing is done twice", () => {
    const ran = start({ args: ["ls", "/dev"], env: gpu1, hook: [`/nowhere/${hookName}`, "prestart"] })
    expect([ran.status, lines(ran).includes("nvidia1")]).toEqual([0, true])
  })

  test("a root that the container may not write, and an image without /etc", () => {
    const ran = start({ args: ["ls", "/dev"], env: gpu1, isRootReadOnly: true })
    expect([ran.status, lines(ran).includes("nvidia1")]).toEqual([0, true])
    const bare = start(
      { args: ["ls", "/etc"], env: gpu1 },
      {
        prepare: (root) => {
          makeBusyboxRoot(root)
          rmSync(join(root, "etc"), { recursive: true })
        },
      },
    )
    expect(lines(bare)).toContain("ld.so.cache")
  })

  test("a volume over a directory of libraries: what is in it stays to be seen, and the driver's are found beside it", () => {
    const volume = join(work, "volume")
    mkdirSync(volume)
    writeFileSync(join(volume, "libown.so"), "own")
    const directory = "/usr/lib/x86_64-linux-gnu"
    const script = `cat ${directory}/libown.so; test -s ${directory}/libcuda.so.1 && echo found; readlink ${directory}/libcuda.so.1`
    const mounts = [{ destination: directory, type: "bind", source: volume, options: ["rbind", "rw"] }]
    const ran = start({ args: ["sh", "-c", script], env: gpu1, mounts })
    expect(ran.stdout).toBe("ownfound\n")
    expect(readFileSync(join(volume, "libown.so"), "utf8")).toBe("own")
  })

  test("a user namespace: what is made in the root belongs to the container's root", () => {
    const ran = start(
      {
        args: [
          "sh",
          "-c",
          "stat -c %u /etc/ld.so.cache /usr/lib/x86_64-linux-gnu/libcuda.so.1; cat /dev/nvidia1",
        ],
        env: gpu1,
        userNamespace: 100_000,
      },
      {
        prepare: (root) => {
          makeBusyboxRoot(root)
          mustRun("chown", ["-R", "100000:100000", root])
          mustRun("chmod", ["755", work])
        },
      },
    )
    expect(lines(ran)).toEqual(["0", "0"])
    expect(ran.stderr).toContain("No such device or address")
  })

  test("a root that is not there yet gets links, what loaders read and the profile by one hook, when it is", () => {
    const muslList = `/etc/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.path`
    const profile = "/etc/nvidia/nvidia-application-profiles-rc.d/10-container.conf"
    const shape = {
      args: ["sh", "-c", `loader-probe libcuda.so.1; cat ${muslList} ${profile}`],
      env: ["NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_DRIVER_CAPABILITIES=compute,graphics"],
    }
    const bundle = makeBundle(work, shape, (root) => {
      makeBusyboxRoot(root)
      addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
      writeFileSync(join(root, muslList.replace("/etc", "/lib").replace(".path", ".so.1")), "")
    })
    renameSync(bundle.root, `${bundle.root}.later`)
    configure(`[nvidia-container-runtime]\nruntimes = ["true"]\n${own}`)
    try {
      expect(
        run(join(bin, "nvidia-container-runtime"), ["create", "--bundle", bundle.directory, "x"], { env }),
      ).toEqual({
        status: 0,
        stdout: "",
        stderr: "",
      })
      renameSync(`${bundle.root}.later`, bundle.root)
      const { hooks } = JSON.parse(readFileSync(join(bundle.directory, "config.json"), "utf8")) as {
        hooks: Record<string, { args: string[] }[]>
      }
      expect(hooks["createContainer"]?.map(({ args }) => args.slice(0, 2))).toEqual([
        ["nvidia-cdi-hook", "complete-container"],
      ])
      const ran = bundle.start()
      const driver = expect.stringMatching(/^\/usr\/lib/)
      expect(lines(ran).slice(0, 5)).toEqual([
        "libcuda answers 1000",
        "/lib",
        "/usr/local/lib",
        "/usr/lib",
        driver,
      ])
      // One GPU, whose minor is 1.
      expect(lines(ran).at(-1)).toContain('"EGLVisibleDGPUDevices",0x2]')
    } finally {
      configure(own)
      bundle.remove()
    }
  })

  const driverInProc =
    "mount -t tmpfs none /proc/driver && mkdir /proc/driver/nvidia && (echo 'XModifyDeviceFiles: 1'; echo 'ModifyDeviceFiles: 1') > /proc/driver/nvidia/params"
  const proc = { destination: "/proc", type: "bind", source: "/proc", options: ["rbind"] }

  test("the driver in the container must not make nodes: one hook says so, the launcher's, with an environment of its own", () => {
    const ran = start(
      {
        args: ["sh", "-c", "cat /proc/driver/nvidia/params; echo x > /proc/driver/nvidia/params"],
        env: gpu1,
        proc,
      },
      { view: driverInProc },
    )
    expect(ran.stdout).toBe("XModifyDeviceFiles: 1\nModifyDeviceFiles: 0\n")
    expect(ran.stderr).toContain("Read-only file system")
    const { hooks } = JSON.parse(ran.after) as {
      hooks: Record<string, { path: string; args: string[]; env: string[] }[]>
    }
    expect(hooks["prestart"]).toEqual([])
    expect(hooks["createContainer"]).toEqual([
      {
        path: expect.stringMatching(/\/gantry-launcher$/),
        args: ["gantry-launcher", "bind-params", expect.any(String)],
        env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
      } as never,
    ])
  })

  test("an engine's mask does not hide from the container that its driver must not make nodes", () => {
    const view = `${driverInProc} && umask 077`
    const ran = start({ args: ["stat", "-c", "%a", "/proc/driver/nvidia/params"], env: gpu1, proc }, { view })
    expect(ran.stdout).toBe("444\n")
  })

  test.each([
    ["a link out of the root", "ln -s ../../../../victim $1/proc/driver/nvidia/params"],
    ["a FIFO", "mkfifo $1/proc/driver/nvidia/params"],
    ["a directory", "mkdir $1/proc/driver/nvidia/params"],
    ["nothing", "true"],
  ])("where the driver's parameters should be is %s: the hook is led nowhere", (_, make) => {
    const root = join(work, "trap/root")
    mkdirSync(join(root, "proc/driver/nvidia"), { recursive: true })
    writeFileSync(join(work, "trap/victim"), "ModifyDeviceFiles: 1\n")
    mustRun("sh", ["-c", make, "sh", root])
    const launcher = join(bin, "../gantry-launcher")
    const script = `"${launcher}" bind-params "${root}"; echo $?; grep -c trap /proc/self/mountinfo`
    expect(run("unshare", ["--mount", "sh", "-c", script]).stdout).toBe("0\n0\n")
    rmSync(join(work, "trap"), { recursive: true })
  })

  test.skipIf(!hasProgram("strace"))(
    "where the driver's parameters should be is a device: it is not opened, since that does things",
    () => {
      const root = join(work, "device/root")
      const params = join(root, "proc/driver/nvidia/params")
      mkdirSync(join(params, ".."), { recursive: true })
      const opens = (): readonly string[] => {
        const trace = ["-qq", "-e", "trace=openat2", join(bin, "../gantry-launcher"), "bind-params", root]
        return run("unshare", ["--mount", "strace", ...trace]).stderr.match(/O_PATH|O_NONBLOCK/g) ?? []
      }
      mustRun("mknod", [params, "c", "1", "3"])
      expect(opens()).toEqual(["O_PATH"])
      rmSync(params)
      writeFileSync(params, "ModifyDeviceFiles: 0\n")
      expect(opens()).toEqual(["O_PATH", "O_NONBLOCK"])
      rmSync(join(work, "device"), { recursive: true })
    },
  )

  describe("what goes wrong", () => {
    const log = join(work, "log.json")
    const failing = (env: readonly string[], args: readonly string[] = []): Started =>
      start({ args: ["true"], env }, { args })

    test("an unknown device: one line, the specification as it was, and the engine's log has it", () => {
      rmSync(log, { force: true })
      const ran = failing(["NVIDIA_VISIBLE_DEVICES=9"], ["--log", log, "--log-format", "json"])
      expect(ran.status).toBe(1)
      expect(ran.stderr).toMatch(
        /^nvidia-container-cli: device error: 9: unknown device \[GAN2104\]: [^\n]*\n$/,
      )
      expect(ran.after).toBe(ran.before)
      const logged = JSON.parse(readFileSync(log, "utf8")) as Record<string, string>
      expect([logged["level"], logged["msg"]]).toEqual(["error", ran.stderr.trim()])
    })

    test("a log as text", () => {
      rmSync(log, { force: true })
      failing(["NVIDIA_VISIBLE_DEVICES=9"], ["--log", log])
      expect(readFileSync(log, "utf8")).toMatch(
        /^time="[^"]+" level=error msg="nvidia-container-cli: device error/,
      )
    })

    test("a configuration that cannot be read fails GPU containers, and no others", () => {
      configure("[gantry\n")
      try {
        expect(failing(gpu1).stderr).toContain("[GAN1100]")
        expect(failing(["A=b"]).status).toBe(0)
      } finally {
        configure(own)
      }
    })

    test("no low-level runtime", () => {
      configure('[nvidia-container-runtime]\nruntimes = ["nowhere"]\n')
      try {
        expect(failing(["A=b"]).stderr).toContain(
          "no runtime binary found from candidate list: [nowhere] [GAN1120]",
        )
      } finally {
        configure(own)
      }
    })

    test("shadow: another's wrapper does what it does, and the specification is as it was", () => {
      configure(`[gantry]\nmode = "shadow"\nhost = "${machine}"\n`)
      const directory = join(work, "another")
      mkdirSync(directory)
      writeFileSync(
        join(directory, "nvidia-container-runtime"),
        `#!/bin/sh\necho "another's: $*" | cut -c1-20\n`,
        { mode: 0o755 },
      )
      try {
        const bundle = makeBundle(work, { args: ["true"], env: gpu1 })
        const before = readFileSync(join(bundle.directory, "config.json"), "utf8")
        const program = join(bin, "nvidia-container-runtime")
        const ran = Bun.spawnSync([program, "create", "--bundle", bundle.directory, "x"], {
          env: { ...env, PATH: `${directory}:/usr/bin:/bin` },
        })
        expect(ran.stdout.toString()).toBe("another's: create --\n")
        expect(readFileSync(join(bundle.directory, "config.json"), "utf8")).toBe(before)
        bundle.remove()
      } finally {
        configure(own)
      }
    })

    test("off is off", () => {
      configure(`[gantry]\nmode = "off"\n`)
      try {
        const ran = failing(gpu1)
        expect([ran.status, ran.after]).toEqual([0, ran.before])
      } finally {
        configure(own)
      }
    })
  })

  test("create, state, start and delete go through it", () => {
    const bundle = makeBundle(work, { args: ["sleep", "60"], env: gpu1 })
    const id = basename(bundle.directory)
    const call = (...args: readonly string[]): Ran => {
      const out = join(work, "out")
      // A container that was created holds on to what it was given.
      return run(
        "sh",
        [
          "-c",
          `"$@" >"${out}" 2>&1; status=$?; cat "${out}"; exit $status`,
          "sh",
          join(bin, "nvidia-container-runtime"),
          "--root",
          state,
          ...args,
        ],
        { env },
      )
    }
    try {
      expect(call("create", "--bundle", bundle.directory, id).stdout).toBe("")
      expect(call("state", id).stdout).toContain('"status": "created"')
      expect(call("start", id).status).toBe(0)
      expect(call("delete", "--force", id).status).toBe(0)
      expect(call("state", id).status).not.toBe(0)
    } finally {
      bundle.remove()
    }
  })

  test.each([[["--version"]], [["features"]], [["state", "nobody's"]], [["--help"]]])(
    "%j is answered by the low-level runtime alone",
    (args) => {
      const own = run("runc", ["--root", state, ...args])
      expect(run(join(bin, "nvidia-container-runtime"), ["--root", state, ...args], { env })).toEqual(own)
    },
  )

  test("the reference's debug file is not written, and the runtime's log gets what the runtime says", () => {
    const [debug, log] = [join(work, "debug.log"), join(work, "runtime.log")]
    configure(`[nvidia-container-runtime]\ndebug = "${debug}"\nlog-level = "debug"\n${own}`)
    try {
      const ran = start(
        { args: ["true"], env: gpu1 },
        { args: ["--debug", "--log", log, "--log-format", "json"] },
      )
      expect([ran.status, existsSync(debug)]).toEqual([0, false])
      const levels = readFileSync(log, "utf8")
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { level: string }).level)
      expect(new Set(levels)).toEqual(new Set(["debug"]))
    } finally {
      configure(own)
    }
  })

  test("a bundle or a container that is called create fools nobody", () => {
    const directory = join(work, "create")
    mkdirSync(directory)
    writeFileSync(join(directory, "config.json"), renderSpec({ args: ["true"], env: gpu1 }))
    const before = readFileSync(join(directory, "config.json"), "utf8")
    run(join(bin, "nvidia-container-runtime"), ["--root", state, "state", "create"], { env, cwd: directory })
    run(join(bin, "nvidia-container-runtime"), ["--root", state, "delete", "--bundle", directory, "create"], {
      env,
    })
    expect(readFileSync(join(directory, "config.json"), "utf8")).toBe(before)
  })

  test("what the launcher may pass on by itself it passes on, and the program is not started", () => {
    const installed = join(work, "installed")
    mkdirSync(installed)
    mustRun("cp", [join(bin, "../gantry-launcher"), join(installed, "nvidia-container-runtime")])
    const mark = join(work, "mark")
    writeFileSync(join(installed, "gantry"), `#!/bin/sh\ntouch ${mark}\nexit 9\n`, { mode: 0o755 })
    // The configuration is the system's here: what the launcher knows is of none other.
    mustRun(join(bin, "nvidia-container-runtime"), ["--version"], { env: process.env })
    expect(existsSync("/run/gantry/launcher")).toBe(true)
    const bundle = makeBundle(work, { args: ["true"], env: ["A=b"] })
    const asked = makeBundle(work, { args: ["true"], env: gpu1 })
    const call = (directory: string): boolean => {
      rmSync(mark, { force: true })
      run(
        join(installed, "nvidia-container-runtime"),
        ["--root", state, "run", "--bundle", directory, basename(directory)],
        { env: process.env },
      )
      return existsSync(mark)
    }
    try {
      expect(call(bundle.directory)).toBe(false)
      expect(call(asked.directory)).toBe(true)
      // A file of somebody else's says nothing.
      mustRun("chmod", ["666", "/run/gantry/launcher"])
      expect(call(bundle.directory)).toBe(true)
    } finally {
      rmSync("/run/gantry/launcher", { force: true })
      bundle.remove()
      asked.remove()
    }
  })

  test("an engine's mask hides nothing that is made in the root", () => {
    const bundle = makeBundle(work, { args: ["true"], env: gpu1 })
    const args = ["--root", state, "run", "--bundle", bundle.directory, basename(bundle.directory)]
    run("sh", ["-c", 'umask 077; exec "$@"', "sh", join(bin, "nvidia-container-runtime"), ...args], { env })
    for (const path of ["usr/lib", "usr/lib/x86_64-linux-gnu"])
      expect([path, statSync(join(bundle.root, path)).mode & 0o777]).toEqual([path, 0o755])
    expect(statSync(join(bundle.root, "etc/ld.so.cache")).mode & 0o777).toBe(0o644)
    bundle.remove()
  })

  test("config.json keeps its owner and its mode", () => {
    const bundle = makeBundle(work, { args: ["true"], env: gpu1 })
    const spec = join(bundle.directory, "config.json")
    mustRun("chown", ["1234:4321", spec])
    mustRun("chmod", ["640", spec])
    run(
      join(bin, "nvidia-container-runtime"),
      ["--root", state, "run", "--bundle", bundle.directory, basename(bundle.directory)],
      { env },
    )
    const { uid, gid, mode } = statSync(spec)
    expect([uid, gid, mode & 0o777]).toEqual([1234, 4321, 0o640])
    expect(readFileSync(spec, "utf8")).toContain("NVIDIA_VISIBLE_DEVICES=void")
    bundle.remove()
  })
})
