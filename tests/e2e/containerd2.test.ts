/**
 * Specifications that `gantry cdi generate` makes, in the hands of containerd 2: by CRI and by `ctr run --device`, with equal results, also
 * beside podman and beside our wrapper when it reads the same file.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gantryProgram, missing, mustRun, type Ran, wrapperProgram } from "./bundle.ts"
import { buildContainerd2, containerdVersion } from "./containerd2-build.ts"
import type { Container, Cri, Pod } from "./cri.ts"
import { ctrIn, importImage } from "./ctr.ts"
import { lookAround, makeStage, type Stage, vendorSpec, viewOf } from "./engine-contract.ts"
import { type Cell, isolationPrograms, startCell } from "./isolation.ts"
import { makeOciArchive } from "./oci-archive.ts"

const lacksPrograms = missing("podman", "conmon", "runc", "cc", ...isolationPrograms)
const built = lacksPrograms === "" ? await buildContainerd2() : { lacks: lacksPrograms }
const suite = "directory" in built ? describe : describe.skip
const name = `containerd ${containerdVersion}`
const title = "directory" in built ? name : `${name} (optional; missing: ${built.lacks})`

const image = "gantry.test/plain:1"

/** `handlers`: runtimes by the name of a pod's RuntimeClass; they see the annotations by which their containers ask for devices. */
function configure(directory: string, handlers: Readonly<Record<string, string>>): string {
  const runtimes = Object.entries(handlers).map(
    ([handler, program]) => `
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.${handler}]
    runtime_type = "io.containerd.runc.v2"
    container_annotations = ["cdi.k8s.io/*"]
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.${handler}.options]
      BinaryName = "${program}"`,
  )
  const path = join(directory, "containerd.toml")
  writeFileSync(
    path,
    `version = 3
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${directory}/containerd.sock"
[ttrpc]
  address = "${directory}/containerd.sock.ttrpc"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "${image}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    conf_dir = "${directory}/cni"
${runtimes.join("")}
[plugins."io.containerd.nri.v1.nri"]
  disable = true
`,
  )
  return path
}

/**
 * What a container is made of, seen from inside: a line for each thing, its kind and its name first. Not by a process that is
 * executed there later: it has the variables that the engine knows, and a runtime's are others.
 */
const look = `find /dev -type c -o -type b | xargs stat -c 'node %n %t:%T %a %u:%g'
for tree in '/ -xdev' /dev; do
  find $tree -type l -exec sh -c 'for link; do echo "link $link $(readlink "$link")"; done' sh {} +
done
awk '{ print "mount", $5, $4, $6 }' /proc/self/mountinfo
env | grep -v ^HOSTNAME= | sed 's/^/env /;s/=/ /'
for group in $(id -G); do echo "group $group"; done
[ -e /etc/ld.so.cache ] && echo "file /etc/ld.so.cache $(sha256sum < /etc/ld.so.cache)"
echo "loader $(loader-probe)"`

/** The lines of one look that another has not; places of mounts differ from container to container. */
function added(seen: string, plain: string): readonly string[] {
  const identify = (line: string): string => (line.startsWith("mount ") ? line.split(" ", 2).join(" ") : line)
  const known = new Set(plain.split("\n").map(identify))
  return seen
    .split("\n")
    .filter((line) => !known.has(identify(line)))
    .sort()
}

suite(`generated CDI specifications: ${title}`, () => {
  const programs = "directory" in built ? built.directory : ""
  const path = `${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`
  let stage: Stage
  let machine: string
  let cell: Cell
  let podmanCell: Cell
  let cri: Cri
  /** What a container in a pod sees that asks for nothing. */
  let plain: string
  let count = 0

  const podman = (...args: readonly string[]): Promise<Ran> => {
    const places = ["root", "runroot", "tmpdir"].map(
      (place) => `--${place}=${join(podmanCell.directory, place)}`,
    )
    const flags = ["--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file"]
    return podmanCell.run("podman", ...places, ...flags, "--runtime=runc", ...args)
  }
  /** The cells have a /run of their own. */
  const publish = (there: Cell, engine: string): Promise<string> =>
    there.mustRun(
      ...[gantryProgram, "cdi", "generate", `--for-engine=${engine}`, `--host=${machine}`],
      "--output=/run/cdi/gpu.yaml",
    )
  const flagsOf = (devices: readonly string[]): readonly string[] =>
    devices.map((device) => `--device=${device}`)

  beforeAll(async () => {
    stage = makeStage("containerd2")
    machine = join(stage.directory, "machine")
    /** The wrapper on a machine that has the driver, and on one where only a specification tells of it. */
    const handler = (file: string, program: string, config: string): string => {
      const script = join(stage.directory, file)
      const settings = `NVIDIA_CTK_CONFIG_FILE_PATH=${config}`
      writeFileSync(script, `#!/bin/sh\nexport ${settings}\nexec ${program} "$@"\n`, { mode: 0o755 })
      return script
    }
    const bare = join(stage.directory, "bare.toml")
    writeFileSync(bare, "")
    const handlers = {
      runc: join(programs, "runc"),
      nvidia: handler("nvidia", wrapperProgram, stage.config),
      cdi: handler("cdi", `${wrapperProgram}.cdi`, bare),
    }
    cell = await startCell({
      name: "containerd2",
      daemon: (directory) => ["containerd", "--config", configure(directory, handlers)],
      environment: { PATH: path },
    })
    podmanCell = await startCell({ name: "containerd2-podman", environment: {} })
    await publish(cell, `containerd@${containerdVersion}`)
    await publish(podmanCell, "podman@4.3.1")

    const tar = join(stage.directory, "image-of-podman.tar")
    mustRun("tar", ["-C", stage.root, "--numeric-owner", "-cf", tar, "."])
    const imported = await podman("import", "--quiet", tar, image)
    if (imported.status !== 0) throw new Error(imported.stderr)
    const archive = makeOciArchive(stage.directory, stage.root, image)
    cri = await importImage(cell, image, archive, "--local")
    plain = await inPod("runc", look, {})
  })
  afterAll(async () => {
    cri?.close()
    await podmanCell?.stop()
    await cell?.stop()
    stage?.remove()
  })

  type Asked = Partial<Pick<Container, "devices" | "variables" | "annotations">>

  /** `said`: by its first process; of a container that does not start, the engine's words. `config`: its config.json. */
  async function runInPod(
    handler: string,
    script: string,
    asked: Asked,
  ): Promise<{ readonly said: string; readonly config: string }> {
    const pod: Pod = await cri.runPod(handler, `/${cell.cgroup}`)
    try {
      const saying = `{ ${script}\n} > /tmp/said 2>&1; mv /tmp/said /tmp/all; exec sleep 600`
      const command = ["sh", "-c", saying]
      const container = await cri.startContainer(pod, { image, command, variables: [], ...asked })
      const wait = "until [ -e /tmp/all ]; do sleep 0.05; done; cat /tmp/all"
      const bundle = join(cell.directory, "state/io.containerd.runtime.v2.task/k8s.io", container)
      return {
        said: (await cri.execute(container, ["sh", "-c", wait])).stdout,
        config: readFileSync(join(bundle, "config.json"), "utf8"),
      }
    } catch (error) {
      return { said: String(error), config: "" }
    } finally {
      await cri.removePod(pod)
    }
  }
  const inPod = async (handler: string, script: string, asked: Asked): Promise<string> =>
    (await runInPod(handler, script, asked)).said
  /** A container that does not start: the engine's words. */
  const saidBy = ({ status, stdout, stderr }: Ran): string => (status === 0 ? stdout : stderr)
  const byCtr = async (script: string, ...devices: readonly string[]): Promise<string> =>
    saidBy(
      await ctrIn(cell)(
        ...["run", "--rm", "--snapshotter=native", `--runc-binary=${join(programs, "runc")}`],
        ...[...flagsOf(devices), image, `c${count++}`, "sh", "-c", script],
      ),
    )
  const byPodman = async (script: string, ...devices: readonly string[]): Promise<string> =>
    saidBy(
      await podman(
        ...["run", "--rm", "--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"],
        ...["--cap-add=MKNOD", `--cgroup-parent=/${podmanCell.cgroup}`, ...flagsOf(devices)],
        ...[image, "sh", "-c", script],
      ),
    )
  /** What asking adds to a container in a pod. */
  const addedInPod = async (handler: string, asked: Asked): Promise<readonly string[]> =>
    added(await inPod(handler, look, asked), plain)

  test("by CRI: one GPU and no other, and the loader finds the driver", async () => {
    expect(await inPod("runc", lookAround, { devices: ["nvidia.com/gpu=2"] })).toBe(viewOf(2))
  })

  test("by ctr: the same", async () => {
    expect(await byCtr(lookAround, "nvidia.com/gpu=2")).toBe(viewOf(2))
  })

  describe("equal results", () => {
    const devices = ["nvidia.com/gpu=0", "nvidia.com/gpu=3"]
    let byCri: readonly string[]
    beforeAll(async () => {
      byCri = await addedInPod("runc", { devices })
    })

    test("CRI: nodes, mounts, links, variables, groups and the loader's cache", () => {
      const names = (kind: string): readonly string[] =>
        byCri.filter((line) => line.startsWith(`${kind} `)).map((line) => line.split(" ")[1] ?? "")
      const cards = names("node").filter((node) => node.startsWith("/dev/dri/"))
      expect(cards).toHaveLength(4)
      expect(names("node").filter((node) => !cards.includes(node))).toEqual(
        ["-modeset", "-uvm", "-uvm-tools", "0", "3", "ctl"].map((end) => `/dev/nvidia${end}`),
      )
      expect(byCri).toContain("node /dev/nvidia3 c3:3 666 0:0")
      expect(byCri).toContain("env NVIDIA_VISIBLE_DEVICES void")
      expect(names("group")).toEqual(["105", "44"])
      expect(names("file")).toEqual(["/etc/ld.so.cache"])
      expect(byCri).toContain("loader libcuda answers 1000")
      // A node's link by the GPU's place on the bus, a library's by its SONAME.
      expect(names("link").filter((link) => link.startsWith("/dev/dri/by-path/"))).toHaveLength(4)
      const libraries = "/usr/lib/x86_64-linux-gnu"
      expect(byCri.filter((line) => line.startsWith(`link ${libraries}/libcuda.so.1 `))).toHaveLength(1)
      const library = byCri.find((line) => line.startsWith(`mount ${libraries}/libcuda.so.`))
      expect(library).toContain(` ${machine}${libraries}/libcuda.so.`)
      expect(library).toMatch(/ ro,nosuid,nodev,\w+$/)
    })

    test("ctr run --device", async () => {
      expect(added(await byCtr(look, ...devices), await byCtr(look))).toEqual(byCri)
    })

    test("podman, but for groups, of which it cannot be told", async () => {
      const byName = added(await byPodman(look, ...devices), await byPodman(look))
      expect(byName).toEqual(byCri.filter((line) => !line.startsWith("group ")))
    })

    test("the wrapper in mode cdi, given the same file", async () => {
      const variables = [`NVIDIA_VISIBLE_DEVICES=${devices.join(",")}`]
      expect(await addedInPod("cdi", { variables })).toEqual(byCri)
    })

    test("annotations of CRI", async () => {
      const annotations = { "cdi.k8s.io/gantry": devices.join(",") }
      expect(await addedInPod("runc", { annotations })).toEqual(byCri)
    })
  })

  describe("the wrapper, where the engine has applied CDI itself, doubles nothing", () => {
    const device = "nvidia.com/gpu=1"
    const ways: readonly (readonly [string, Asked])[] = [
      ["the engine's request alone", { devices: [device] }],
      ["a variable asks for the same too", { devices: [device], variables: ["NVIDIA_VISIBLE_DEVICES=1"] }],
      ["an image asks for all", { devices: [device], variables: ["NVIDIA_VISIBLE_DEVICES=all"] }],
      ["an annotation that runtimes see", { annotations: { "cdi.k8s.io/gantry": device } }],
    ]
    let once: readonly string[]
    beforeAll(async () => {
      once = await addedInPod("runc", { devices: [device] })
    })
    for (const handler of ["nvidia", "cdi"])
      test.each(ways)(`handler ${handler}: %s`, async (_, asked) => {
        const { said, config } = await runInPod(handler, look, asked)
        // Where an annotation makes the wrapper act too, it has made the links beforehand, in a directory of its own.
        const made = added(said, plain).filter((line) => !line.startsWith("mount /dev/dri/by-path "))
        expect(made).toEqual([...once])
        expect(config.match(/"complete-container"/g)).toHaveLength(1)
        for (const [name, value] of Object.entries(asked.annotations ?? {}))
          expect(JSON.parse(config)).toHaveProperty(["annotations", name], value)
      })
  })

  describe("beside another vendor's", () => {
    const there = "/run/cdi/vendor.json"
    const put = (text: string): Promise<string> =>
      cell.mustRun("sh", "-c", `printf %s "$1" > ${there}`, "sh", text)
    afterEach(async () => {
      await cell.mustRun("rm", "-f", there)
    })

    test("a broken file hides none of our devices", async () => {
      for (const text of ["kind: [", '{"cdiVersion":"9.9.9","kind":"vendor.com/nic","devices":[]}']) {
        await put(text)
        expect(await inPod("runc", lookAround, { devices: ["nvidia.com/gpu=1"] })).toBe(viewOf(1))
        expect(await byCtr(lookAround, "nvidia.com/gpu=1")).toBe(viewOf(1))
        const variables = ["NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=1"]
        expect(await inPod("cdi", lookAround, { variables })).toBe(viewOf(1))
      }
    })

    test("its hook runs once, whoever applies its file and whoever else was asked", async () => {
      const told = join(stage.directory, "told")
      await put(vendorSpec(told))
      const device = "vendor.com/nic=a"
      const variables = [`NVIDIA_VISIBLE_DEVICES=${device}`]
      for (const [handler, asked] of [
        ["runc", { devices: [device] }],
        ["cdi", { devices: [device] }],
        ["cdi", { devices: [device], variables }],
        ["cdi", { variables }],
      ] as const) {
        rmSync(told, { force: true })
        const script = "env | grep -c ^NIC=; ls /dev | grep vendor"
        expect([asked, await inPod(handler, script, asked)]).toEqual([asked, "1\nvendor0\n"])
        expect(readFileSync(told, "utf8").split("\n")).toHaveLength(2)
      }
    })
  })

  test("a device that is in no file: the engine says so in the words that gantry cdi resolve foretells", async () => {
    const device = "nvidia.com/gpu=9"
    const words = `unresolvable CDI devices ${device}`
    expect(await inPod("runc", "true", { devices: [device] })).toContain(words)
    expect(await byCtr("true", device)).toContain(words)
    expect((await cell.run(gantryProgram, "cdi", "resolve", device)).stderr).toContain(words)
  })
})
