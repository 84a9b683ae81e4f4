import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { hostFile } from "../hosts/recorded-host.ts"
import {
  addLoaderProbe,
  type Bundle,
  gantryProgram,
  hookProgram,
  listTree,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  type SpecShape,
  type View,
} from "./bundle.ts"

const lacks = missing("runc", "busybox", "cc")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "breadth" : `breadth (missing: ${lacks})`

suite(`everything a driver has, in real containers: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("breadth") : ""
  const machine = join(work, "machine")
  const config = join(work, "config.toml")
  const hook = [hookProgram, "-config", config, "prestart"]
  const admin = ["CAP_SYS_ADMIN", "CAP_MKNOD"]

  beforeAll(() => {
    const mig = "0:1/0=3g.20gb,0:2/0=2g.10gb"
    const parts = ["--gpus", "3", "--mig", mig, "--imex", "2", "--compat32", "--model", "h100"]
    mustRun(gantryProgram, ["simulate", "up", machine, ...parts])
    writeFileSync(config, `[gantry]\nhost = "${machine}"\n`)
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  const start = (shape: SpecShape, view: View = "v1", prepare = makeBusyboxRoot): Ran => {
    const bundle: Bundle = makeBundle(work, { hook, ...shape }, prepare)
    try {
      return bundle.start(view)
    } finally {
      bundle.remove()
    }
  }
  const runIn = (script: string, env: readonly string[], view?: View): Ran =>
    start({ args: ["sh", "-c", script], env }, view)
  const lines = ({ stdout }: Ran): readonly string[] => stdout.trim().split("\n")
  const proc = { destination: "/proc", type: "bind", source: "/proc", options: ["rbind"] }
  /** The findings of the last container. */
  const noticed = (): string => mustRun(gantryProgram, ["explain", "--last", "--json"])

  describe.each(["v1", "v2"] as const)("MIG on cgroup %s", (cgroups) => {
    test("a MIG device: its GPU's node and its two capabilities, and no other's", () => {
      const ran = runIn(
        "ls /dev /dev/nvidia-caps | grep -E 'nvidia[0-9]|cap'",
        ["NVIDIA_VISIBLE_DEVICES=0:1"],
        cgroups,
      )
      expect(lines(ran).filter((line) => /^nvidia/.test(line))).toHaveLength(4)
      const nodes = lines(ran).filter((line) => /^nvidia-cap\d/.test(line))
      expect(nodes).toHaveLength(2)
      // Behind the simulated nodes is no driver: a permitted open ends in ENXIO, a forbidden one in EPERM.
      const opened = runIn(
        `for n in ${nodes.map((name) => `/dev/nvidia-caps/${name}`).join(" ")}; do cat $n; done; mknod /tmp/other c 236 1; cat /tmp/other`,
        ["NVIDIA_VISIBLE_DEVICES=0:1"],
        cgroups,
      )
      expect(opened.stderr.match(/No such device or address/g)).toHaveLength(2)
      expect(opened.stderr).toContain("'/tmp/other': Operation not permitted")
    })
  })

  test("the files of proc by which a MIG device's capabilities are found are there, read-only, and no others", () => {
    const script =
      "cd /proc/driver/nvidia; find capabilities -type f | sort; cat capabilities/gpu0/mig/gi2/access | grep Minor; echo x > capabilities/gpu0/mig/gi2/access"
    const ran = start(
      { args: ["sh", "-c", script], env: ["NVIDIA_VISIBLE_DEVICES=0:1"], proc },
      "driverInProc",
    )
    expect(lines(ran).slice(0, 2)).toEqual([
      "capabilities/gpu0/mig/gi2/access",
      "capabilities/gpu0/mig/gi2/ci0/access",
    ])
    expect(lines(ran)[2]).toMatch(/^DeviceFileMinor: \d+$/)
    expect(ran.stderr).toContain("Read-only file system")
  })

  test("the right to configure MIG: the directory of nodes, every capability, and permission for what does not exist yet", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_CONFIG_DEVICES=all"]
    const script =
      "ls /dev/nvidia-caps | wc -l; find /proc/driver/nvidia/capabilities -type f | wc -l; for n in /dev/nvidia-caps/*; do cat $n; done"
    const ran = start({ args: ["sh", "-c", script], env, proc, capabilities: admin }, "driverInProc")
    const [nodes, files] = lines(ran).map(Number)
    expect(nodes).toBeGreaterThanOrEqual(6)
    expect(files).toBe(nodes as number)
    const denied = ran.stderr.split("\n").filter((line) => line.includes("Operation not permitted"))
    // The right to watch is another right.
    expect(denied).toHaveLength(1)
  })

  test("an unprivileged container gets no right over MIG", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_CONFIG_DEVICES=all"]
    expect(runIn("true", env).stderr).toContain(
      "cannot set MIG_CONFIG_DEVICES in non privileged container [GAN1211]",
    )
  })

  test("an IMEX channel that is asked for can be opened, the other is not there", () => {
    const ran = runIn("ls /dev/nvidia-caps-imex-channels; cat /dev/nvidia-caps-imex-channels/channel1", [
      "NVIDIA_VISIBLE_DEVICES=1",
      "NVIDIA_IMEX_CHANNELS=1",
    ])
    expect(lines(ran)).toEqual(["channel1"])
    expect(ran.stderr).toContain("No such device or address")
  })

  test("an IMEX channel that is not there fails the start in one line", () => {
    const ran = runIn("true", ["NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_IMEX_CHANNELS=9"])
    expect(ran.status).not.toBe(0)
    expect(ran.stderr).toContain("channel9: no such file or directory [GAN2117]")
  })

  test("NVSwitches come by their variable, and what the machine has not is told of", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_NVSWITCH=enabled", "NVIDIA_GDS=enabled"]
    expect(runIn("ls /dev | grep -c nvswitch", env).stdout).toBe("5\n")
    expect(noticed()).toContain("NVIDIA_GDS=enabled asks for /dev/nvidia-fs*, which is not there")
  })

  describe("graphics", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_DRIVER_CAPABILITIES=graphics,display"]

    test("DRM nodes of the GPU alone, found by their place on the bus", () => {
      const ran = runIn(
        "ls /dev/dri; for l in /dev/dri/by-path/*; do readlink -f $l; done; cat /dev/dri/card2",
        env,
      )
      expect(lines(ran)).toEqual(["by-path", "card2", "renderD129", "/dev/dri/card2", "/dev/dri/renderD129"])
      expect(ran.stderr).toContain("No such device or address")
    })

    test("a group that may open them cannot be given by a hook, and that is told", () => {
      runIn("true", env)
      expect(noticed()).toContain("a hook comes too late to give the container's process group 105")
    })

    test("ICD, EGL, Vulkan, OptiX and X files are where programs look for them, read-only", () => {
      const places = [
        "/etc/vulkan/icd.d/nvidia_icd.json",
        "/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
        "/usr/share/egl/egl_external_platform.d/15_nvidia_gbm.json",
        "/usr/share/nvidia/nvoptix.bin",
        "/usr/share/X11/xorg.conf.d/10-nvidia.conf",
        "/usr/lib/xorg/modules/extensions/libglxserver_nvidia.so",
        "/usr/lib64/gbm/nvidia-drm_gbm.so",
      ]
      const ran = runIn(
        `for f in ${places.join(" ")}; do test -s $f && echo $f; done; echo x > ${places[0]}`,
        env,
      )
      expect(lines(ran)).toEqual(places)
      expect(ran.stderr).toContain("Read-only file system")
    })

    test("EGL counts this container's GPUs", () => {
      const directory = "/etc/nvidia/nvidia-application-profiles-rc.d"
      const prepare = (root: string): void => {
        makeBusyboxRoot(root)
        mkdirSync(join(root, directory), { recursive: true })
        writeFileSync(join(root, directory, "50-own"), "{}")
      }
      const args = ["sh", "-c", `ls ${directory}; cat ${directory}/10-container.conf`]
      const ran = start({ args, env }, "v1", prepare)
      expect(ran.stdout).toBe(
        '10-container.conf\n{"profiles":[{"name":"_container_","settings":["EGLVisibleDGPUDevices",0x2]}],"rules":[{"pattern":[],"profile":"_container_"}]}',
      )
    })

    test("in a user namespace too, with what is made belonging to the container's root", () => {
      const prepare = (root: string): void => {
        makeBusyboxRoot(root)
        mustRun("chown", ["-R", "100000:100000", root])
        mustRun("chmod", ["755", work])
      }
      const script =
        "cat /etc/nvidia/*/10-container.conf | wc -l; stat -c %u /etc/nvidia /etc/vulkan; readlink /dev/dri/by-path/*card; cat /dev/dri/card2"
      const ran = start({ args: ["sh", "-c", script], env, userNamespace: 100_000 }, "v1", prepare)
      expect(ran.stdout).toBe("0\n0\n0\n../card2\n")
      // The node is the host's video group's, which is nobody in the namespace.
      expect(ran.stderr).toMatch(/No such device or address|Permission denied/)
    })

    test("what containers work without fails no start: links where files should be are left alone, and told of", () => {
      const victim = join(work, "victim")
      mkdirSync(victim)
      writeFileSync(join(victim, "kept"), "kept\n")
      const prepare = (root: string): void => {
        makeBusyboxRoot(root)
        mkdirSync(join(root, "etc/vulkan/icd.d"), { recursive: true })
        symlinkSync(join(victim, "kept"), join(root, "etc/vulkan/icd.d/nvidia_icd.json"))
        mkdirSync(join(root, "etc/nvidia"))
        symlinkSync(victim, join(root, "etc/nvidia/nvidia-application-profiles-rc.d"))
      }
      const ran = start({ args: ["ls", "/dev/dri/card2"], env }, "v1", prepare)
      expect(ran).toMatchObject({ status: 0, stdout: "/dev/dri/card2\n" })
      expect(noticed()).toContain("/etc/vulkan/icd.d/nvidia_icd.json cannot be written in the container")
      expect(noticed()).toContain("EGL counts GPUs that the container does not have")
      expect(listTree(victim)).toEqual(["f kept"])
      expect(readFileSync(join(victim, "kept"), "utf8")).toBe("kept\n")
    })
  })

  describe("a machine with everything beside GPUs", () => {
    const rich = join(work, "rich")
    const own = join(work, "rich.toml")
    const ask = (script: string, env: readonly string[]): Ran =>
      start({
        args: ["sh", "-c", script],
        env: ["NVIDIA_VISIBLE_DEVICES=2", ...env],
        hook: [hookProgram, "-config", own, "prestart"],
      })

    beforeAll(() => {
      mustRun(gantryProgram, [
        "simulate",
        "up",
        rich,
        "--from",
        hostFile("mig-extras", "listing.txt"),
        "--model",
        "a100",
      ])
      writeFileSync(own, `[gantry]\nhost = "${rich}"\n`)
    })
    afterAll(() => {
      mustRun(gantryProgram, ["simulate", "down", rich])
    })

    test("storage, network and copy nodes come by their variables, with the files that they need", () => {
      const places = ["/dev/nvidia-fs0", "/dev/infiniband/uverbs0", "/dev/infiniband/rdma_cm", "/dev/gdrdrv"]
      const files = ["/etc/cufile.json", "/run/udev"]
      const env = ["NVIDIA_GDS=enabled", "NVIDIA_MOFED=enabled", "NVIDIA_GDRCOPY=enabled"]
      const ran = ask(
        `ls -d ${[...places, ...files].join(" ")}; for n in ${places.join(" ")}; do cat $n; done`,
        env,
      )
      expect([...lines(ran)].sort()).toEqual([...places, ...files].sort())
      expect(ran.stderr).not.toContain("Operation not permitted")
      expect(ask(`ls ${places.join(" ")}`, []).stdout).toBe("")
    })

    test("sockets of the driver's services come while somebody listens", () => {
      const script = "for s in persistenced fabricmanager; do test -S /run/nvidia-$s/socket && echo $s; done"
      expect(ask(script, []).stdout).toBe("persistenced\nfabricmanager\n")
      mkdirSync(join(rich, "proc/net"), { recursive: true })
      writeFileSync(join(rich, "proc/net/unix"), "Num       RefCount Protocol Flags    Type St Inode Path\n")
      expect(ask(script, []).stdout).toBe("")
      expect(noticed()).toContain("nobody listens at /run/nvidia-persistenced/socket")
    })
  })

  test("32-bit libraries lie where a distribution's 32-bit loader looks", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_DRIVER_CAPABILITIES=compute,compat32"]
    const prepare = (root: string): void => {
      makeBusyboxRoot(root)
      mkdirSync(join(root, "usr/lib32"), { recursive: true })
    }
    const args = [
      "sh",
      "-c",
      "ls /usr/lib32; head -c 5 /usr/lib32/libcuda.so.1 | tail -c 1 | hexdump -e '1/1 \"%d\"'",
    ]
    const ran = start({ args, env }, "v1", prepare)
    expect(ran.stdout).toContain("libcuda.so.1\n")
    expect(ran.stdout.endsWith("1")).toBe(true)
  })

  test("musl's list of directories has the driver's, and what stood there stays", () => {
    const prepare = (root: string): void => {
      makeBusyboxRoot(root)
      mkdirSync(join(root, "lib"))
      writeFileSync(join(root, "lib/ld-musl-x86_64.so.1"), "")
      writeFileSync(join(root, "etc/ld-musl-x86_64.path"), "/lib:/opt/lib\n")
    }
    const args = ["cat", "/etc/ld-musl-x86_64.path"]
    expect(start({ args, env: ["NVIDIA_VISIBLE_DEVICES=1"] }, "v1", prepare).stdout).toBe(
      "/lib:/opt/lib\n/usr/lib64\n",
    )
  })

  describe("a newer CUDA in the image", () => {
    const withCompat =
      (version: string, place = "usr/local/cuda/compat") =>
      (root: string): void => {
        makeBusyboxRoot(root)
        addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
        mkdirSync(join(root, place), { recursive: true })
        const file = join(root, place, `libcuda.so.${version}`)
        const source = "int gantry_libcuda(void) { return 4242; }"
        mustRun("cc", ["-shared", "-nostdlib", "-Wl,-soname,libcuda.so.1", "-o", file, "-xc", "-"], {
          input: source,
        })
      }
    const probe = { args: ["/bin/loader-probe"], env: ["NVIDIA_VISIBLE_DEVICES=1"] }

    test("is what the loader finds, when it is newer than the driver", () => {
      expect(start(probe, "v1", withCompat("570.10.01")).stdout).toBe("libcuda answers 4242\n")
    })

    test("is left alone when it is older", () => {
      expect(start(probe, "v1", withCompat("535.10.01")).stdout).toBe("libcuda answers 1000\n")
    })

    test("a directory that leads out of the root is none", () => {
      const outside = join(work, "outside")
      const prepare = (root: string): void => {
        withCompat("570.10.01", "elsewhere")(root)
        mkdirSync(outside, { recursive: true })
        mustRun("cp", [join(root, "elsewhere/libcuda.so.570.10.01"), outside])
        mkdirSync(join(root, "usr/local/cuda"), { recursive: true })
        symlinkSync(outside, join(root, "usr/local/cuda/compat"))
      }
      expect(start(probe, "v1", prepare).stdout).toBe("libcuda answers 1000\n")
    })
  })
})
