import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  addLoaderProbe,
  bundlesIn,
  gantryProgram,
  hookProgram,
  listTree,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
} from "./bundle.ts"

const lacks = missing("runc", "busybox", "cc")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "runc" : `runc (missing: ${lacks})`

suite(title, () => {
  // A skipped suite is still described, and nothing would remove what it made.
  const work = lacks === "" ? makeDirectory("runc") : ""
  const machine = join(work, "machine")
  const config = join(work, "config.toml")
  const hook = [hookProgram, "-config", config, "prestart"]

  beforeAll(() => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "4"])
    writeFileSync(config, `[gantry]\nhost = "${machine}"\n`)
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  const withBundle = bundlesIn(work)
  const runIn = (script: string, env: readonly string[], cgroups: "v1" | "v2" = "v1"): Ran =>
    withBundle({ args: ["sh", "-c", script], env, hook }, (bundle) => bundle.start(cgroups))

  describe.each(["v1", "v2"] as const)("on cgroup %s", (cgroups) => {
    test("GPUs 0 and 2 of 4: exactly these nodes are there", () => {
      const ran = runIn("ls /dev | grep nvidia", ["NVIDIA_VISIBLE_DEVICES=0,2"], cgroups)
      expect(ran.stderr).toBe("")
      expect(ran.stdout.trim().split("\n").sort()).toEqual([
        "nvidia-uvm",
        "nvidia-uvm-tools",
        "nvidia0",
        "nvidia2",
        "nvidiactl",
      ])
    })

    test("the chosen nodes may be opened, the others are denied even when the container makes them", () => {
      // Behind the simulated nodes is no driver: a permitted open ends in ENXIO, a forbidden one in EPERM.
      const script =
        "mknod /tmp/one c 195 1; mknod /tmp/three c 195 3; for n in /dev/nvidia0 /dev/nvidia2 /dev/nvidiactl /tmp/one /tmp/three; do cat $n; done"
      const { stderr } = runIn(script, ["NVIDIA_VISIBLE_DEVICES=0,2"], cgroups)
      for (const node of ["nvidia0", "nvidia2", "nvidiactl"])
        expect(stderr).toContain(`'/dev/${node}': No such device or address`)
      for (const node of ["one", "three"]) expect(stderr).toContain(`'/tmp/${node}': Operation not permitted`)
    })

    test("what the engine allowed before is still allowed", () => {
      expect(
        runIn(
          "head -c 2 /dev/zero | wc -c; echo x > /dev/null",
          ["NVIDIA_VISIBLE_DEVICES=0"],
          cgroups,
        ).stdout.trim(),
      ).toBe("2")
    })
  })

  test("no-cgroups leaves the device cgroup alone", () => {
    const own = join(work, "no-cgroups.toml")
    writeFileSync(own, `[nvidia-container-cli]\nno-cgroups = true\n[gantry]\nhost = "${machine}"\n`)
    const shape = {
      args: ["cat", "/dev/nvidia0"],
      env: ["NVIDIA_VISIBLE_DEVICES=0"],
      hook: [hookProgram, "-config", own, "prestart"],
    }
    expect(withBundle(shape, (bundle) => bundle.start()).stderr).toContain("Operation not permitted")
  })

  test("nvidia-smi of the machine runs in a busybox image and shows the container's GPUs", () => {
    const { stdout } = runIn("nvidia-smi -L", ["NVIDIA_VISIBLE_DEVICES=0,2"])
    expect(stdout.match(/GPU \d: NVIDIA A100-SXM4-40GB/g)).toEqual([
      "GPU 0: NVIDIA A100-SXM4-40GB",
      "GPU 1: NVIDIA A100-SXM4-40GB",
    ])
  })

  test("a real loader finds libcuda.so.1 by its name, in a glibc image", () => {
    const shape = { args: ["/bin/loader-probe"], env: ["NVIDIA_VISIBLE_DEVICES=0"], hook }
    const prepare = (root: string): void => {
      makeBusyboxRoot(root)
      addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
    }
    const ran = withBundle(shape, (bundle) => bundle.start(), prepare)
    expect(ran.stdout).toBe("libcuda answers 1000\n")
  })

  test("libraries are read-only, and only those of the capabilities asked for are there", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_DRIVER_CAPABILITIES=utility"]
    const { stdout, stderr } = runIn("ls /usr/lib64; echo x >> /usr/lib64/libnvidia-ml.so.550.163.01", env)
    expect(stdout).toContain("libnvidia-ml.so.1\n")
    expect(stdout).not.toContain("libcuda.so")
    expect(stderr).toContain("Read-only file system")
  })

  describe("unusual containers", () => {
    const probe = [
      "sh",
      "-c",
      "ls /dev | grep -c 'nvidia[0-9]'; cat /dev/nvidia0; ls /usr/lib64/libcuda.so.1; ls -ln /etc/ld.so.cache",
    ]
    const shape = { args: probe, env: ["NVIDIA_VISIBLE_DEVICES=all"], hook }
    const isServed = ({ status, stdout, stderr }: Ran): void => {
      expect(stderr).toBe("cat: can't open '/dev/nvidia0': No such device or address\n")
      expect(status).toBe(0)
      expect(stdout).toMatch(/^4\n\/usr\/lib64\/libcuda.so.1\n-rw-r--r-- +1 0 +0 /)
    }

    test("a root that will be read-only", () => {
      isServed(withBundle({ ...shape, isRootReadOnly: true }, (bundle) => bundle.start()))
    })

    test("an image without /etc", () => {
      const prepare = (root: string): void => {
        makeBusyboxRoot(root)
        rmSync(join(root, "etc"), { recursive: true })
      }
      isServed(withBundle(shape, (bundle) => bundle.start(), prepare))
    })

    test("a volume over the library directory", () => {
      const mounts = [{ destination: "/usr/lib64", type: "tmpfs", source: "tmpfs" }]
      isServed(withBundle({ ...shape, mounts }, (bundle) => bundle.start()))
    })

    test("a user namespace: what is made belongs to the container's root", () => {
      const prepare = (root: string): void => {
        makeBusyboxRoot(root)
        mustRun("chown", ["-R", "100000:100000", root])
        mustRun("chmod", ["755", work])
      }
      isServed(withBundle({ ...shape, userNamespace: 100_000 }, (bundle) => bundle.start(), prepare))
    })

    test("where the kernel has the driver's directory in proc, the container gets a view of it: its own GPUs, and no say over nodes", () => {
      const proc = { destination: "/proc", type: "bind", source: "/proc", options: ["rbind"] }
      const script =
        "cd /proc/driver/nvidia; ls gpus; grep ModifyDeviceFiles params; grep -c NVRM version; cat gpus/*/information | grep Minor; echo x > params"
      const ran = withBundle(
        { args: ["sh", "-c", script], env: ["NVIDIA_VISIBLE_DEVICES=1,3"], hook, proc },
        (bundle) => bundle.start("driverInProc"),
      )
      expect(ran.stdout).toBe(
        "0000:13:00.0\n0000:19:00.0\nModifyDeviceFiles: 0\n1\nDevice Minor: \t 1\nDevice Minor: \t 3\n",
      )
      expect(ran.stderr).toContain("Read-only file system")
    })

    test("the driver without a GPU (none)", () => {
      const ran = withBundle(
        { ...shape, args: ["ls", "/dev"], env: ["NVIDIA_VISIBLE_DEVICES=none"] },
        (bundle) => bundle.start(),
      )
      expect(ran.stdout).toContain("nvidiactl")
      expect(ran.stdout).not.toMatch(/nvidia\d/)
    })
  })

  test("a container that asks for nothing is untouched", () => {
    const shape = { args: ["sh", "-c", "mount; ls /dev"], env: [], hook }
    withBundle(shape, (bundle) => {
      const before = {
        spec: readFileSync(join(bundle.directory, "config.json")),
        tree: listTree(bundle.root),
      }
      const ran = bundle.start()
      expect(ran.status).toBe(0)
      expect(ran.stdout).not.toContain("nvidia")
      expect(readFileSync(join(bundle.directory, "config.json")).equals(before.spec)).toBe(true)
      expect(listTree(bundle.root)).toEqual(before.tree)
    })
  })

  test.each([
    [
      "a device that does not exist",
      ["NVIDIA_VISIBLE_DEVICES=9"],
      "device error: 9: unknown device [GAN2104]",
    ],
    [
      "a requirement that the driver cannot meet",
      ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_REQUIRE_CUDA=cuda>=99.0"],
      "unsatisfied condition: cuda>=99.0",
    ],
    ["a MIG device that is not there", ["NVIDIA_VISIBLE_DEVICES=0:1"], "0:1: unknown device [GAN2104]"],
  ])("%s fails the start, with our one line in the engine's message", (_, env, text) => {
    const ran = runIn("true", env)
    expect(ran.status).not.toBe(0)
    expect(ran.stderr).toContain(text)
    expect(ran.stderr).not.toContain("    at ")
  })

  describe("an image that sets traps", () => {
    const victim = join(work, "victim")
    const trap = (prepare: (root: string) => void): Ran =>
      withBundle(
        { args: ["sh", "-c", "ls /usr/lib64 /dev"], env: ["NVIDIA_VISIBLE_DEVICES=0"], hook },
        (bundle) => bundle.start(),
        (root) => {
          makeBusyboxRoot(root)
          prepare(root)
        },
      )
    const untouched = (): void => expect(listTree(victim)).toEqual(["f kept"])
    beforeAll(() => {
      mkdirSync(victim)
      writeFileSync(join(victim, "kept"), "kept\n")
    })

    test("/usr/lib64 is an absolute link to a directory of the host: nothing leaves the root", () => {
      trap((root) => symlinkSync(victim, join(root, "usr/lib64")))
      untouched()
    })

    test("/usr/lib64 climbs out by ..: nothing leaves the root", () => {
      trap((root) => symlinkSync(`../../../../../../../../../..${victim}`, join(root, "usr/lib64")))
      untouched()
    })

    test("/etc/ld.so.cache is a link to a file of the host: the link is replaced, the file is not", () => {
      const ran = trap((root) => symlinkSync(join(victim, "kept"), join(root, "etc/ld.so.cache")))
      expect(ran.status).toBe(0)
      expect(readFileSync(join(victim, "kept"), "utf8")).toBe("kept\n")
      untouched()
    })

    test("/etc is a link out of the root: nothing leaves it", () => {
      trap((root) => {
        rmSync(join(root, "etc"), { recursive: true })
        symlinkSync(victim, join(root, "etc"))
      })
      untouched()
    })

    test("a link or a FIFO where a library must be mounted is refused", () => {
      const link = trap((root) => {
        mkdirSync(join(root, "usr/lib64"), { recursive: true })
        symlinkSync(join(victim, "kept"), join(root, "usr/lib64/libcuda.so.550.163.01"))
      })
      expect(link.stderr).toContain("[GAN3010]")
      const fifo = trap((root) => {
        mkdirSync(join(root, "usr/lib64"), { recursive: true })
        mustRun("mkfifo", [join(root, "usr/lib64/libcuda.so.550.163.01")])
      })
      expect(fifo.stderr).toContain("[GAN3010]")
      untouched()
    })

    test("a FIFO in place of the loader's cache does not hang the start", () => {
      const ran = trap((root) => {
        mustRun("mkfifo", [join(root, "etc/ld.so.cache")])
      })
      expect(ran.status).toBe(0)
    })
  })

  test("in shadow mode the other tool acts, and what we would do can be read", () => {
    const shadow = join(work, "shadow.toml")
    const stub = join(work, "container-cli")
    writeFileSync(stub, `#!/bin/sh\necho "$@" > ${work}/called\n`, { mode: 0o755 })
    writeFileSync(
      shadow,
      `[nvidia-container-cli]\npath = "${stub}"\n[gantry]\nmode = "shadow"\nhost = "${machine}"\n`,
    )
    const shape = {
      args: ["ls", "/dev"],
      env: ["NVIDIA_VISIBLE_DEVICES=3"],
      hook: [hookProgram, "-config", shadow, "prestart"],
    }
    const ran = withBundle(shape, (bundle) => bundle.start())
    expect(ran.status).toBe(0)
    expect(ran.stdout).not.toContain("nvidia")
    expect(readFileSync(join(work, "called"), "utf8")).toContain("configure --cuda-compat-mode=ldconfig")
    expect(mustRun(gantryProgram, ["explain", "--last"])).toContain("This container gets 1 GPU: /dev/nvidia3")
  })

  test("gantry explain tells the same story beforehand, and changes nothing", () => {
    withBundle({ args: ["true"], env: ["NVIDIA_VISIBLE_DEVICES=0,2"], hook }, (bundle) => {
      const before = listTree(bundle.directory)
      const told = mustRun(gantryProgram, ["explain", "--bundle", bundle.directory, "--config", config])
      expect(told).toContain("This container gets 2 GPUs: /dev/nvidia0, /dev/nvidia2")
      expect(told).toContain('NVIDIA_VISIBLE_DEVICES="0,2"')
      expect(told).toContain("GPU 1 (0000:13:00.0), GPU 3 (0000:19:00.0)")
      expect(listTree(bundle.directory)).toEqual(before)
    })
  })

  test("the last decision can be explained afterwards", () => {
    runIn("true", ["NVIDIA_VISIBLE_DEVICES=2"])
    expect(mustRun(gantryProgram, ["explain", "--last"])).toContain("This container gets 1 GPU: /dev/nvidia2")
    expect(existsSync("/run/gantry/decisions")).toBe(true)
  })
})
