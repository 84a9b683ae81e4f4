import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { basename, join } from "node:path"
import { parseLdcache } from "../../src/core/ldcache/parse-ldcache.ts"
import {
  gantryProgram,
  hookProgram,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  run,
  type SpecShape,
  wrapperProgram,
} from "./bundle.ts"

const lacks = missing("runc", "busybox", "cc")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "runc" : `runc (missing: ${lacks})`
const listing = join(import.meta.dir, "../../hosts/orin/listing.txt")
const lists = "etc/nvidia-container-runtime/host-files-for-container.d"
const tegra = "/usr/lib/aarch64-linux-gnu/tegra"

suite(`a Tegra board, with real containers: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("tegra") : ""
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
    mustRun(gantryProgram, ["simulate", "up", machine, "--from", listing])
    configure(own)
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  const pureV2 =
    'mkdir -p "$0" && mount -t cgroup2 none "$0" && umount -l /sys/fs/cgroup && mount --move "$0" /sys/fs/cgroup'

  interface Started extends Ran {
    /** Names and places in the root's loader cache, as the container left it. */
    readonly cache: readonly string[]
  }

  function start(
    shape: SpecShape,
    view: "v1" | "v2" = "v1",
    prepare: (root: string) => void = makeBusyboxRoot,
  ): Started {
    const bundle = makeBundle(work, shape, prepare)
    const id = basename(bundle.directory)
    const args = ["--root", state, "run", "--bundle", bundle.directory, id]
    try {
      const ran =
        view === "v1"
          ? run(wrapperProgram, args, { env })
          : run(
              "unshare",
              ["--mount", "sh", "-c", `${pureV2} && exec "$@"`, join(work, "view"), wrapperProgram, ...args],
              { env },
            )
      const cache = join(bundle.root, "etc/ld.so.cache")
      const parsed = existsSync(cache) ? parseLdcache(readFileSync(cache)) : undefined
      return {
        ...ran,
        cache: parsed?.ok === true ? parsed.value.entries.map(({ soname, path }) => `${soname} ${path}`) : [],
      }
    } finally {
      run("runc", ["--root", state, "delete", "--force", id])
      rmSync(bundle.directory, { recursive: true, force: true })
    }
  }
  const lines = ({ stdout }: Ran): readonly string[] => stdout.trim().split("\n")
  const all = ["NVIDIA_VISIBLE_DEVICES=all"]

  test.each(["v1", "v2"] as const)(
    "gives the nodes of the lists, with the right to open them, on cgroup %s",
    (view) => {
      const script =
        "ls /dev | grep -E 'nv|tegra|fb'; id -G; cat /dev/nvmap; mknod /tmp/other c 506 99; cat /tmp/other; echo $NVIDIA_VISIBLE_DEVICES"
      const ran = start({ args: ["sh", "-c", script], env: all }, view)
      expect(lines(ran).slice(0, 11)).toEqual([
        "fb0",
        "nvhost-as-gpu",
        "nvhost-ctrl-gpu",
        "nvhost-ctrl-nvdla0",
        "nvhost-dbg-gpu",
        "nvhost-gpu",
        "nvhost-nvdec",
        "nvhost-prof-gpu",
        "nvhost-vic",
        "nvmap",
        "tegra_camera_ctrl",
      ])
      expect(lines(ran)[11]?.split(" ")).toContain("44")
      expect(lines(ran).at(-1)).toBe("void")
      // Behind the simulated node is no driver: a permitted open ends in ENXIO, a forbidden one in EPERM.
      expect(ran.stderr).toMatch(/nvmap.*No such device or address/)
      expect(ran.stderr).toMatch(/other.*Operation not permitted/)
    },
  )

  test("gives files, directories and links of the lists, and the loader finds the libraries", () => {
    const script = [
      `for l in ${tegra}/libcuda.so ${tegra}/libcuda.so.1 /usr/lib/aarch64-linux-gnu/libcuda.so; do readlink $l; done`,
      `readlink -f /usr/lib/aarch64-linux-gnu/libcuda.so`,
      `head -c 4 ${tegra}/libnvrm_gpu.so | tail -c 3; echo`,
      "ls /lib/firmware/tegra23x; head -c 5 /etc/nv_tegra_release; echo",
      `echo x > /lib/firmware/tegra23x/new; echo x > ${tegra}/libnvos.so`,
    ].join("; ")
    const ran = start({ args: ["sh", "-c", script], env: all })
    expect(lines(ran)).toEqual([
      "libcuda.so.1.1",
      "libcuda.so.1.1",
      "tegra/libcuda.so",
      `${tegra}/libcuda.so.1.1`,
      "ELF",
      "nvhost_nvdla020.fw",
      "# R35",
    ])
    expect(ran.stderr.match(/Read-only file system/g)).toHaveLength(2)
    expect(ran.cache).toContain(`libcuda.so.1 ${tegra}/libcuda.so.1`)
    expect(ran.cache).toContain("libEGL_nvidia.so.0 /usr/lib/aarch64-linux-gnu/tegra-egl/libEGL_nvidia.so.0")
  })

  test.each([["0"], ["all"], ["nvidia.com/gpu=0"], ["nvidia.com/gpu=all"], ["runtime.nvidia.com/gpu=0"]])(
    "device %s is the board's own",
    (device) => {
      const ran = start({ args: ["ls", "/dev"], env: [`NVIDIA_VISIBLE_DEVICES=${device}`] })
      expect(lines(ran)).toContain("nvhost-gpu")
    },
  )

  test("no device: the files, and no node", () => {
    const ran = start({ args: ["ls", "/dev", tegra], env: ["NVIDIA_VISIBLE_DEVICES=none"] })
    expect([ran.status, lines(ran).includes("libnvos.so"), lines(ran).includes("nvmap")]).toEqual([
      0,
      true,
      false,
    ])
  })

  test("a device that the board has not is refused, and nothing is started", () => {
    const ran = start({ args: ["echo", "started"], env: ["NVIDIA_VISIBLE_DEVICES=1"] })
    expect([ran.status, ran.stdout]).toEqual([1, ""])
    expect(ran.stderr).toContain("[GAN2104]")
  })

  test("other lists count for images that ask for every list", () => {
    const extra = join(machine, "usr/share/extra.txt")
    writeFileSync(extra, "extra\n")
    writeFileSync(join(machine, lists, "extra.csv"), "# more\nlib, /usr/share/extra.txt\n")
    const shape = { args: ["ls", "/usr/share"], env: all }
    expect(lines(start(shape))).not.toContain("extra.txt")
    const every = start({ ...shape, env: [...all, "NVIDIA_REQUIRE_JETPACK=csv-mounts=all"] })
    expect(lines(every)).toContain("extra.txt")
    const other = start({ ...shape, env: [...all, "NVIDIA_REQUIRE_JETPACK=jetpack>=5"] })
    expect([other.status, lines(other).includes("extra.txt")]).toEqual([0, false])
  })

  test("a list that changes, and a file that goes, are seen by the next start", () => {
    const shape = { args: ["ls", "/opt"], env: all }
    const drivers = join(machine, lists, "drivers.csv")
    const before = readFileSync(drivers)
    start(shape)
    mkdirSync(join(machine, "opt"))
    writeFileSync(join(machine, "opt/new.bin"), "new\n")
    appendFileSync(drivers, "lib, /opt/new.bin\r\nnonsense\nlib, /opt/../opt/*.bin\n")
    try {
      expect(lines(start(shape))).toEqual(["new.bin"])
      rmSync(join(machine, "opt/new.bin"))
      const gone = start({ ...shape, args: ["sh", "-c", "ls /opt || echo none"] })
      expect([gone.status, lines(gone)]).toEqual([0, ["none"]])
    } finally {
      writeFileSync(drivers, before)
      rmSync(join(machine, "opt"), { recursive: true })
    }
  })

  test("what an image requires is judged: the release's CUDA is known", () => {
    const asking = (requirement: string): Started =>
      start({ args: ["true"], env: [...all, `NVIDIA_REQUIRE_CUDA=${requirement}`] })
    expect(asking("cuda>=11.4").status).toBe(0)
    const refused = asking("cuda>=12.0")
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain("[GAN2106]")
    const lenient = start({
      args: ["true"],
      env: [...all, "NVIDIA_REQUIRE_CUDA=cuda>=12.0", "NVIDIA_DISABLE_REQUIRE=1"],
    })
    expect(lenient.status).toBe(0)
  })

  test("mode csv by the configuration, with lists in another place; without lists a start is refused", () => {
    const place = join(machine, "etc/lists")
    mkdirSync(place)
    writeFileSync(join(place, "devices.csv"), "dev, /dev/nvmap\n")
    const csv = '[nvidia-container-runtime]\nmode = "csv"\n'
    try {
      configure(`${csv}[nvidia-container-runtime.modes.csv]\nmount-spec-path = "/etc/lists"\n${own}`)
      const ran = start({ args: ["ls", "/dev"], env: all })
      expect(lines(ran).filter((name) => name.startsWith("nv"))).toEqual(["nvmap"])
      configure(`${csv}[nvidia-container-runtime.modes.csv]\nmount-spec-path = "/etc/nowhere"\n${own}`)
      const refused = start({ args: ["echo", "started"], env: all })
      expect([refused.status, refused.stdout]).toEqual([1, ""])
      expect(refused.stderr).toContain("[GAN2137]")
    } finally {
      configure(own)
      rmSync(place, { recursive: true })
    }
  })

  test("a container that asks for nothing is left as it is", () => {
    const ran = start({ args: ["ls", "/dev"], env: ["A=b"] })
    expect([ran.status, lines(ran).includes("nvmap"), ran.cache]).toEqual([0, false, []])
  })

  test("the hook leaves boards to the wrapper, and says so; explain tells what the wrapper does", () => {
    const bundle = makeBundle(work, { args: ["true"], env: all })
    try {
      const input = JSON.stringify({ ociVersion: "1.0.2", pid: process.pid, bundle: bundle.directory })
      const hook = run(hookProgram, ["prestart"], { env, input })
      expect([hook.status, hook.stderr.includes("mode 'csv'")]).toEqual([1, true])
      const explain = (...more: readonly string[]): string =>
        run(gantryProgram, ["explain", "--bundle", bundle.directory, ...more], { env }).stdout
      expect(explain()).toContain("REFUSED [GAN1216]")
      expect(explain("--wrapper")).toContain("the board's own GPU, by 11 device nodes")
    } finally {
      bundle.remove()
    }
  })

  test("a board without its release file is known by its family", () => {
    const release = join(machine, "etc/nv_tegra_release")
    renameSync(release, `${release}.away`)
    try {
      const ran = start({ args: ["ls", "/dev", "/etc"], env: all })
      expect([lines(ran).includes("nvmap"), lines(ran).includes("nv_tegra_release")]).toEqual([true, false])
    } finally {
      renameSync(`${release}.away`, release)
    }
  })
})
