/** `docker run --gpus`, with the distribution's own daemon: it finds the hook on its PATH, and writes the request itself. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import {
  addLoaderProbe,
  gantryProgram,
  hookProgram,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
} from "./bundle.ts"
import { type Dockerd, startDockerd } from "./dockerd.ts"
import { isolationPrograms } from "./isolation.ts"

const lacks = missing("dockerd", "docker", "runc", "cc", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "docker run" : `docker run (missing: ${lacks})`

const version = "550.163.01"
const controlNodes = ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools"]
const utilityLibraries = ["libnvidia-cfg", "libnvidia-ml", "libnvidia-nscq"]
const computeLibraries = [
  "libcuda",
  "libcudadebugger",
  "libnvidia-allocator",
  "libnvidia-gpucomp",
  "libnvidia-nvvm",
  "libnvidia-opencl",
  "libnvidia-pkcs11",
  "libnvidia-pkcs11-openssl3",
  "libnvidia-ptxjitcompiler",
]
const utilityBinaries = [
  "nvidia-debugdump",
  "nvidia-imex",
  "nvidia-imex-ctl",
  "nvidia-persistenced",
  "nvidia-smi",
]
const computeBinaries = ["nvidia-cuda-mps-control", "nvidia-cuda-mps-server"]

/** What a container says of itself, one fact a line. Behind simulated nodes is no driver: a permitted open ends in ENXIO. */
const lookAround = `
find /dev -name 'nvidia*' ! -type d | sed 's/^/node /'
for minor in 0 1 2 3 255; do
  mknod /tmp/$minor c 195 $minor
  echo "open $minor $(cat /tmp/$minor 2>&1 | sed 's/.*: //')"
done
find / -xdev -name '*.so.${version}' | grep -v '^/proc' | sed 's/^/library /'
find /usr/bin -name 'nvidia*' | sed 's/^/binary /'
nvidia-smi -L | sed 's/^/smi /'
echo "loader $(/bin/loader-probe)"
`

interface View {
  readonly nodes: readonly string[]
  /** By minor of the NVIDIA major: what opening a node made by the container itself ends in. */
  readonly opens: Readonly<Record<string, string>>
  readonly libraries: readonly string[]
  readonly binaries: readonly string[]
  readonly smi: readonly string[]
  readonly loader: string
}

function parseView(output: string): View {
  const said = (word: string): readonly string[] =>
    output
      .split("\n")
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => line.slice(word.length + 1))
  return {
    nodes: said("node")
      .map((path) => path.replace("/dev/", ""))
      .sort(),
    opens: Object.fromEntries(said("open").map((line) => line.split(/ (.*)/, 2) as [string, string])),
    libraries: said("library")
      .map((path) => path.replace(/^\/usr\/lib\/[^/]*-linux-gnu\/(.*)\.so\..*$/, "$1"))
      .sort(),
    binaries: said("binary")
      .map((path) => path.replace("/usr/bin/", ""))
      .sort(),
    smi: said("smi").map((line) => line.replace(/ \(UUID.*/, "")),
    loader: said("loader").join(),
  }
}

const permitted = "No such device or address"
const denied = "Operation not permitted"

suite(title, () => {
  // A skipped suite is still described, and nothing would remove what it made.
  const work = lacks === "" ? makeDirectory("docker") : ""
  const machine = join(work, "machine")
  const config = join(work, "config.toml")
  const pointAt = (host: string): void => writeFileSync(config, `[gantry]\nhost = "${host}"\n`)
  let engine: Dockerd

  beforeAll(async () => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "4", "--driver", version])
    pointAt(machine)
    const root = join(work, "root")
    mkdirSync(root)
    makeBusyboxRoot(root)
    addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
    // The daemon's own environment is what reaches the hook.
    engine = await startDockerd({ NVIDIA_CTK_CONFIG_FILE_PATH: config }, dirname(hookProgram))
    await engine.importImage(root, "plain:1")
    await engine.importImage(root, "cuda:1", [
      "ENV NVIDIA_VISIBLE_DEVICES=all",
      "ENV NVIDIA_DRIVER_CAPABILITIES=utility",
    ])
  })
  afterAll(async () => {
    await engine?.stop()
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  const start = (flags: readonly string[], script = lookAround, image = "plain:1"): Promise<Ran> =>
    engine.docker("run", "--rm", "--network", "none", ...flags, image, "sh", "-c", script)
  const viewOf = async (flags: readonly string[], image?: string): Promise<View> => {
    const ran = await start(flags, lookAround, image)
    expect(ran.stderr).toBe("")
    return parseView(ran.stdout)
  }

  test("--gpus all: every GPU, and what compute and utility need", async () => {
    const view = await viewOf(["--gpus", "all"])
    expect(view).toEqual({
      nodes: ["nvidia0", "nvidia1", "nvidia2", "nvidia3", ...controlNodes].sort(),
      opens: { 0: permitted, 1: permitted, 2: permitted, 3: permitted, 255: permitted },
      libraries: [...utilityLibraries, ...computeLibraries].sort(),
      binaries: [...utilityBinaries, ...computeBinaries].sort(),
      smi: [0, 1, 2, 3].map((index) => `GPU ${index}: NVIDIA A100-SXM4-40GB`),
      loader: "libcuda answers 1000",
    })
  })

  test("one device: exactly its node; the others are denied even when the container makes them", async () => {
    const view = await viewOf(["--gpus", '"device=1"'])
    expect(view.nodes).toEqual(["nvidia1", ...controlNodes].sort())
    expect(view.opens).toEqual({ 0: denied, 1: permitted, 2: denied, 3: denied, 255: permitted })
    expect(view.smi).toEqual(["GPU 0: NVIDIA A100-SXM4-40GB"])
  })

  test("several devices with capabilities: these and no more", async () => {
    const view = await viewOf(["--gpus", '"device=0,2","capabilities=compute,utility"'])
    expect(view.nodes).toEqual(["nvidia0", "nvidia2", ...controlNodes].sort())
    expect(view.opens).toEqual({ 0: permitted, 1: denied, 2: permitted, 3: denied, 255: permitted })
    expect(view.libraries).toEqual([...utilityLibraries, ...computeLibraries].sort())
    expect(view.loader).toBe("libcuda answers 1000")
  })

  test("a device by its UUID", async () => {
    const listed = await start(["--gpus", "all"], "nvidia-smi -L")
    const uuid = /^GPU 3: .*(GPU-[0-9a-f-]{36})/m.exec(listed.stdout)?.[1] ?? ""
    expect((await viewOf(["--gpus", `"device=${uuid}"`])).nodes).toEqual(["nvidia3", ...controlNodes].sort())
  })

  test("a number of GPUs: the first ones", async () => {
    expect((await viewOf(["--gpus", "2"])).nodes).toEqual(["nvidia0", "nvidia1", ...controlNodes].sort())
  })

  test("utility alone: no CUDA library, no unified memory", async () => {
    const view = await viewOf(["--gpus", '"device=0","capabilities=utility"'])
    expect(view.nodes).toEqual(["nvidia0", "nvidiactl"])
    expect(view.libraries).toEqual(utilityLibraries)
    expect(view.binaries).toEqual(utilityBinaries)
    expect(view.loader).toContain("libcuda.so.1: cannot open shared object file")
  })

  test("the image's capabilities hold where the command line names none", async () => {
    const view = await viewOf(["--gpus", '"device=2"'], "cuda:1")
    expect(view.nodes).toEqual(["nvidia2", "nvidiactl"])
    expect(view.libraries).toEqual(utilityLibraries)
  })

  test("--gpus decides over the image's and the user's NVIDIA_VISIBLE_DEVICES", async () => {
    const flags = ["-e", "NVIDIA_VISIBLE_DEVICES=0", "--gpus", '"device=3"']
    expect((await viewOf(flags, "cuda:1")).nodes).toEqual(["nvidia3", "nvidiactl"])
  })

  test("a variable of the container is no variable of the hook", async () => {
    const hostile = ["BUN_BE_BUN=1", "LD_PRELOAD=/nothing.so", "NVIDIA_CTK_CONFIG_FILE_PATH=/nothing"]
    const ran = await start(
      [...hostile.flatMap((one) => ["-e", one]), "--gpus", "1"],
      "ls /dev/nvidia0 2>/dev/null",
    )
    expect(ran.stdout).toBe("/dev/nvidia0\n")
  })

  test.each([
    ["nothing said", [], "plain:1"],
    ["an image that wants GPUs", [], "cuda:1"],
    ["NVIDIA_VISIBLE_DEVICES=all on the command line", ["-e", "NVIDIA_VISIBLE_DEVICES=all"], "plain:1"],
  ])("without --gpus the hook is not even called: %s", async (_, flags, image) => {
    const id = (
      await engine.mustDocker("run", "-d", "--network", "none", ...flags, image, "sleep", "60")
    ).trim()
    try {
      expect(engine.readSpec(id)).not.toContain("nvidia-container")
      const seen = parseView(
        await engine.mustDocker("exec", id, "sh", "-c", `${lookAround.replace("nvidia-smi -L", "true")}true`),
      )
      expect(seen).toMatchObject({ nodes: [], libraries: [], binaries: [], smi: [] })
      expect(Object.values(seen.opens)).toEqual([denied, denied, denied, denied, denied])
      expect(await engine.mustDocker("exec", id, "cat", "/proc/mounts")).not.toContain("nvidia")
      // The start left nothing in the container's own layer but what the exec above made.
      expect(await engine.mustDocker("diff", id)).not.toMatch(/\/(etc|usr|lib)/)
    } finally {
      await engine.mustDocker("rm", "-f", id)
    }
  })

  test("the hook is in the container's config.json as docker writes it, and works for docker exec too", async () => {
    const flags = ["-d", "--network", "none", "--gpus", '"device=1"']
    const id = (await engine.mustDocker("run", ...flags, "plain:1", "sleep", "60")).trim()
    try {
      const spec = JSON.parse(engine.readSpec(id)) as {
        readonly hooks?: { readonly prestart?: readonly object[] }
      }
      expect(spec.hooks?.prestart?.[0]).toMatchObject({
        path: hookProgram,
        args: ["nvidia-container-runtime-hook", "prestart"],
      })
      const view = parseView(await engine.mustDocker("exec", id, "sh", "-c", lookAround))
      expect(view.nodes).toEqual(["nvidia1", ...controlNodes].sort())
      expect(view.opens).toEqual({ 0: denied, 1: permitted, 2: denied, 3: denied, 255: permitted })
    } finally {
      await engine.mustDocker("rm", "-f", id)
    }
  })

  test("a container that is started again has its GPU again", async () => {
    const created = await engine.mustDocker(
      "create",
      "--network",
      "none",
      "--gpus",
      '"device=2"',
      "plain:1",
      "sh",
      "-c",
      "ls /dev/nvidia?; /bin/loader-probe",
    )
    const id = created.trim()
    for (let round = 0; round < 2; round++)
      expect(await engine.mustDocker("start", "-a", id)).toBe("/dev/nvidia2\nlibcuda answers 1000\n")
    await engine.mustDocker("rm", id)
  })

  test("containers that start at once each get their own", async () => {
    const minors = [0, 1, 2, 3]
    const views = await Promise.all(minors.map((minor) => viewOf(["--gpus", `"device=${minor}"`])))
    for (const [minor, view] of views.entries()) {
      expect(view.nodes).toEqual([`nvidia${minor}`, ...controlNodes].sort())
      expect(
        Object.entries(view.opens)
          .filter(([, end]) => end === permitted)
          .map(([name]) => name),
      ).toEqual([String(minor), "255"])
      expect(view.loader).toBe("libcuda answers 1000")
    }
  })

  test("a user that is not root, without capabilities, has the GPU just so", async () => {
    const ran = await start(
      ["--user", "1000:1000", "--cap-drop", "ALL", "--gpus", '"device=1"'],
      "cat /dev/nvidia1; /bin/loader-probe",
    )
    expect(ran.stdout).toBe("libcuda answers 1000\n")
    expect(ran.stderr).toContain(permitted)
  })

  test("a read-only root: the container starts and has its node", async () => {
    const ran = await start(["--read-only", "--gpus", '"device=1"'], "ls /dev/nvidia?")
    expect(ran).toEqual({ status: 0, stdout: "/dev/nvidia1\n", stderr: "" })
  })

  describe("a container that must fail says our one line in docker's message", () => {
    const lineOf = ({ stderr }: Ran): string =>
      /stderr: (nvidia-container-cli: .*)/.exec(stderr)?.[1] ?? stderr

    test("a device that is not there", async () => {
      const ran = await start(["--gpus", '"device=9"'], "true")
      expect(ran.status).toBe(125)
      expect(lineOf(ran)).toStartWith(
        "nvidia-container-cli: device error: 9: unknown device [GAN2104]: ask for one of 0 (GPU-",
      )
    })

    test("a machine without a driver", async () => {
      const empty = join(work, "empty")
      mkdirSync(empty)
      pointAt(empty)
      try {
        const ran = await start(["--gpus", "all"], "true")
        expect(ran.status).toBe(125)
        expect(lineOf(ran)).toStartWith(
          "nvidia-container-cli: initialization error: nvml error: driver not loaded",
        )
        expect(lineOf(ran)).toContain("[GAN2102]")
      } finally {
        pointAt(machine)
      }
    })

    test("a requirement that the driver does not meet", async () => {
      const ran = await start(["-e", "NVIDIA_REQUIRE_CUDA=cuda>=99.0", "--gpus", "all"], "true")
      expect(ran.status).toBe(125)
      expect(lineOf(ran)).toContain("unsatisfied condition: cuda>=99.0")
      expect(lineOf(ran)).toContain("[GAN2106]")
    })

    test("the next container, which asks for what there is, starts", async () => {
      expect((await start(["--gpus", '"device=0"'], "ls /dev/nvidia?")).stdout).toBe("/dev/nvidia0\n")
    })
  })
})
