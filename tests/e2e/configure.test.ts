/** `nvidia-container-cli configure` on real containers: as the program that a hook hands the work to, by itself from outside, from within. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import {
  addLoaderProbe,
  bundlesIn,
  cliProgram,
  gantryProgram,
  hookProgram,
  listTree,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  run,
  type SpecShape,
  type View,
} from "./bundle.ts"

const lacks = missing("runc", "busybox", "cc")
describe.skipIf(lacks !== "")(
  lacks === "" ? "nvidia-container-cli configure" : `nvidia-container-cli configure (missing: ${lacks})`,
  () => {
    // A skipped suite is still described, and nothing would remove what it made.
    const work = lacks === "" ? makeDirectory("configure") : ""
    const machine = join(work, "machine")
    const config = join(work, "config.toml")

    beforeAll(() => {
      mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "4"])
      // The command line has no place for a machine: as the delegate, a script names it.
      const cli = join(work, "nvidia-container-cli")
      writeFileSync(cli, `#!/bin/sh\nexec ${cliProgram} --host=${machine} "$@"\n`, { mode: 0o755 })
      writeFileSync(config, `[nvidia-container-cli]\npath = "${cli}"\n[gantry]\ninjector = "delegate"\n`)
    })
    afterAll(() => {
      mustRun(gantryProgram, ["simulate", "down", machine])
      rmSync(work, { recursive: true, force: true })
    })

    const withBundle = bundlesIn(work)

    type Way = "handed over by the hook" | "from outside" | "from within"
    const ways: readonly Way[] = ["handed over by the hook", "from outside", "from within"]

    /** runc starts hooks of the container's namespaces in its root, the others in the bundle. */
    const served = (way: Way, options: string, env: readonly string[]): Partial<SpecShape> => {
      const call = `${cliProgram} --host=${machine} configure ${options}`
      if (way === "handed over by the hook")
        return { env, hook: [hookProgram, "-config", config, "prestart"] }
      if (way === "from within") return { createContainer: [["/bin/sh", "-c", `exec ${call} "$PWD"`]] }
      const readPid = 'pid=$(sed "s/.*\\"pid\\":\\([0-9]*\\).*/\\1/")'
      return { hook: ["/bin/sh", "-c", `${readPid}; exec ${call} --pid=$pid "$PWD/rootfs"`] }
    }

    const runIn = (
      way: Way,
      script: string,
      { options = "-d 0,2 -c -u", env = ["NVIDIA_VISIBLE_DEVICES=0,2"], view = "v1" as View } = {},
    ): Ran =>
      withBundle({ args: ["sh", "-c", script], env: [], ...served(way, options, env) }, (bundle) =>
        bundle.start(view),
      )

    describe.each(ways)("%s", (way) => {
      test.each(["v1", "v2"] as const)(
        "on cgroup %s: these nodes are there and may be opened, others may not, and what was allowed before still is",
        (view) => {
          const script =
            "ls /dev | grep nvidia; mknod /tmp/one c 195 1; head -c 2 /dev/zero | wc -c; for n in /dev/nvidia0 /dev/nvidia2 /dev/nvidiactl /tmp/one; do cat $n; done"
          const ran = runIn(way, script, { view })
          expect(ran.stdout.trim().split("\n")).toEqual([
            "nvidia-uvm",
            "nvidia-uvm-tools",
            "nvidia0",
            "nvidia2",
            "nvidiactl",
            "2",
          ])
          // Behind the simulated nodes is no driver: a permitted open ends in ENXIO, a forbidden one in EPERM.
          for (const node of ["nvidia0", "nvidia2", "nvidiactl"])
            expect(ran.stderr).toContain(`'/dev/${node}': No such device or address`)
          expect(ran.stderr).toContain("'/tmp/one': Operation not permitted")
        },
      )

      test("nvidia-smi runs, libraries are those of the capabilities, read-only", () => {
        const script = "nvidia-smi -L; ls /usr/lib64; echo x >> /usr/lib64/libnvidia-ml.so.550.163.01"
        const ran = runIn(way, script, {
          options: "-d 0,2 --utility --ldconfig=@/sbin/ldconfig",
          env: ["NVIDIA_VISIBLE_DEVICES=0,2", "NVIDIA_DRIVER_CAPABILITIES=utility"],
        })
        expect(ran.stdout.match(/GPU \d: NVIDIA A100-SXM4-40GB/g)).toHaveLength(2)
        expect(ran.stdout).toContain("libnvidia-ml.so.1\n")
        expect(ran.stdout).not.toContain("libcuda.so")
        expect(ran.stderr).toContain("Read-only file system")
      })

      test("a real loader finds libcuda.so.1 by its name, in a glibc image", () => {
        const prepare = (root: string): void => {
          makeBusyboxRoot(root)
          addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
        }
        const shape = {
          args: ["/bin/loader-probe"],
          env: [],
          ...served(way, "-d all -c", ["NVIDIA_VISIBLE_DEVICES=all"]),
        }
        const ran = withBundle(shape, (bundle) => bundle.start(), prepare)
        expect(ran.stdout).toBe("libcuda answers 1000\n")
      })

      test.each([
        [
          "a requirement that the driver cannot meet",
          "-d 0 -r cuda>=99.0",
          ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_REQUIRE_CUDA=cuda>=99.0"],
          "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=99.0, please update your driver to a newer version, or use an earlier cuda container",
        ],
        [
          "a device that does not exist",
          "-d 9",
          ["NVIDIA_VISIBLE_DEVICES=9"],
          "nvidia-container-cli: device error: 9: unknown device [GAN2104]",
        ],
      ])("%s fails the start, with our one line in the engine's message", (_, options, env, text) => {
        const ran = runIn(way, "true", { options: options.replaceAll(">", "\\>"), env })
        expect(ran.status).not.toBe(0)
        expect(ran.stderr).toContain(text)
      })
    })

    describe("a user namespace", () => {
      const runMapped = (way: Way, options: string): Ran => {
        const prepare = (root: string): void => {
          makeBusyboxRoot(root)
          mustRun("chown", ["-R", "100000:100000", root])
          mustRun("chmod", ["755", work])
        }
        const shape = {
          args: ["sh", "-c", "ls -ln /etc/ld.so.cache; ls /dev | grep nvidia0; cat /dev/nvidia0"],
          env: [],
          userNamespace: 100_000,
          ...served(way, options, []),
        }
        return withBundle(shape, (bundle) => bundle.start(), prepare)
      }

      test("what is made belongs to the container's root", () => {
        const ran = runMapped("from outside", "-d 0 -c")
        expect(ran.stdout).toMatch(/^-rw-r--r-- +1 0 +0 /)
        expect(ran.stderr).toContain("No such device or address")
      })

      test("from within it, as LXC starts a container that is nobody's on the machine: permission is the machine's affair", () => {
        const refused = runMapped("from within", "-d 0 -c")
        expect(refused.stderr).toContain(
          "mount error: failed to add device rules: operation not permitted in ",
        )
        expect(refused.stderr).toContain("[GAN3024]")
        const ran = runMapped("from within", "-d 0 -c --no-cgroups")
        expect(ran.stdout).toMatch(/^-rw-r--r-- +1 0 +0 .*\nnvidia0\n$/)
      })
    })

    test("--no-cgroups leaves the device cgroup alone, --no-devbind gives permission and no node", () => {
      const unmanaged = runIn("from outside", "cat /dev/nvidia0", { options: "-d 0 -c --no-cgroups" })
      expect(unmanaged.stderr).toContain("Operation not permitted")
      const unbound = runIn("from outside", "ls /dev; mknod /tmp/zero c 195 0; cat /tmp/zero", {
        options: "-d 0 -c --no-devbind",
      })
      expect(unbound.stdout).not.toContain("nvidia")
      expect(unbound.stderr).toContain("'/tmp/zero': No such device or address")
    })

    test("no capability: the driver's nodes of the GPU, no libraries, no programs", () => {
      const script = "ls /dev | grep nvidia; ls /usr/lib64 /usr/bin/nvidia-smi"
      expect(runIn("from outside", script, { options: "-d 1" }).stdout).toBe("nvidia1\nnvidiactl\n")
    })

    test("--load-kmods makes a node that is missing, and without it there is none", () => {
      const node = join(machine, "dev/nvidia-uvm")
      const run = (option: string) => {
        const script = `exec ${cliProgram} --host=${machine} ${option} configure -d 0 --compute "$PWD"`
        const createContainer = [["/bin/sh", "-c", script]]
        return withBundle({ args: ["ls", "/dev"], env: [], createContainer }, (bundle) => bundle.start())
      }
      rmSync(node)
      expect(run("")).toMatchObject({ status: 1, stderr: expect.stringContaining("/dev/nvidia-uvm") })
      expect(existsSync(node)).toBe(false)
      expect(run("--load-kmods").stdout).toContain("nvidia-uvm\n")
      expect(existsSync(node)).toBe(true)
    })

    test("the global options of the hook's command line are taken", () => {
      const script = `exec ${cliProgram} --host=${machine} --root=/ --load-kmods --no-create-imex-channels --no-pivot --debug=/dev/stderr --ldcache=/etc/ld.so.cache --user=0:0 configure -d 0 --utility "$PWD"`
      const shape = {
        args: ["ls", "/usr/bin/nvidia-smi"],
        env: [],
        createContainer: [["/bin/sh", "-c", script]],
      }
      expect(withBundle(shape, (bundle) => bundle.start())).toEqual({
        status: 0,
        stdout: "/usr/bin/nvidia-smi\n",
        stderr: "",
      })
    })

    test("in shadow mode the old tool acts, also where ours stands before it on the PATH", () => {
      const old = join(work, "old")
      mkdirSync(old)
      writeFileSync(join(old, "nvidia-container-cli"), `#!/bin/sh\necho "$@" > ${work}/called\n`, {
        mode: 0o755,
      })
      const shadow = join(work, "shadow.toml")
      writeFileSync(shadow, `[gantry]\nmode = "shadow"\nhost = "${machine}"\n`)
      const path = `PATH=${dirname(cliProgram)}:${old}:/usr/bin:/bin`
      const shape = {
        args: ["ls", "/dev"],
        env: ["NVIDIA_VISIBLE_DEVICES=3"],
        hook: ["/usr/bin/env", path, hookProgram, "-config", shadow, "prestart"],
      }
      const ran = withBundle(shape, (bundle) => bundle.start())
      expect(ran).toMatchObject({ status: 0, stderr: "" })
      expect(ran.stdout).not.toContain("nvidia")
      expect(readFileSync(join(work, "called"), "utf8")).toContain("--device=3")
    })

    test("permissions in a cgroup of systemd's are told of as what a reload takes away", () => {
      const env = ["NVIDIA_VISIBLE_DEVICES=0"]
      const shape = { args: ["true"], env: [], ...served("handed over by the hook", "", env) }
      const started = withBundle({ ...shape, cgroupsPath: `/gantry-${process.pid}.scope` }, (bundle) =>
        bundle.start(),
      )
      expect(started).toMatchObject({ status: 0, stderr: "" })
      const told = mustRun(gantryProgram, ["explain", "--last"])
      expect(told).toContain("This container gets 1 GPU: /dev/nvidia0")
      expect(told.replaceAll(/\s+/g, " ")).toContain("takes the GPU from it while it runs [GAN3023]")
      withBundle(shape, (bundle) => bundle.start())
      expect(mustRun(gantryProgram, ["explain", "--last"])).not.toContain("GAN3023")
    })

    describe("an image that sets traps for who is within", () => {
      const cli = (root: string): Ran =>
        run(cliProgram, [`--host=${machine}`, "configure", "-d0", "-c", root])
      const trap = (name: string): string => {
        const root = join(work, name)
        mkdirSync(join(root, "proc"), { recursive: true })
        return root
      }

      test("a proc that is none names nobody's namespaces", () => {
        const root = trap("no-proc")
        mkdirSync(join(root, "proc", String(process.pid), "ns"), { recursive: true })
        symlinkSync("/proc/1/ns/mnt", join(root, "proc", String(process.pid), "ns/mnt"))
        const before = listTree(root)
        const ran = cli(root)
        expect(ran.status).toBe(1)
        expect(ran.stderr).toContain(`stat failed: ${root}/proc/${process.pid}: no such file or directory`)
        expect(listTree(root)).toEqual(before)
      })

      test("a link to the machine's proc is one inside the root", () => {
        const root = trap("linked-proc")
        rmSync(join(root, "proc"), { recursive: true })
        symlinkSync("/proc", join(root, "proc"))
        expect(cli(root).stderr).toContain("[GAN3022]")
      })

      test("a root that turns out to be the machine's own is refused", () => {
        const link = join(work, "own-root")
        symlinkSync("/", link)
        expect(cli(link).stderr).toContain("is the machine's own root [GAN1232]")
        expect(readFileSync("/etc/passwd").length).toBeGreaterThan(0)
      })
    })

    test("who is not root is told so", () => {
      const ran = run("setpriv", [
        "--reuid=65534",
        "--clear-groups",
        cliProgram,
        "configure",
        "-p",
        "1",
        "/r",
      ])
      expect(ran.status).toBe(1)
      expect(ran.stderr).toStartWith(
        "nvidia-container-cli: permission error: capability change failed: operation not permitted",
      )
    })
  },
)
