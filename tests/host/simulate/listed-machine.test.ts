import { beforeAll, describe, expect, test } from "bun:test"
import { chmodSync, existsSync } from "node:fs"
import { join } from "node:path"
import { parseElf } from "../../../src/core/elf/parse-elf.ts"
import { parseLdcache } from "../../../src/core/ldcache/parse-ldcache.ts"
import { removeMachine } from "../../../src/host/simulate/remove-machine.ts"
import { writeMachine } from "../../../src/host/simulate/write-machine.ts"
import { createSimulatedHost } from "../../../src/host/simulated.ts"
import { makeCharacterNode } from "../../../src/linux/nodes.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"
import {
  lineFromHost,
  lineOf,
  lineOnDisk,
  listedHosts,
  pathsBelow,
  pathsOf,
  readListed,
  understand,
} from "./listed.ts"

const work = temporaryDirectory("listed")
const canMakeNodes = makeCharacterNode(join(work, "node"), 1, 3, 0o600).ok
const isRoot = process.geteuid?.() === 0

test("there are listings to make machines from", () => {
  expect(listedHosts.length).toBeGreaterThan(10)
})

/** The listing's lines, the machine's, and the Host's, of one machine that is then taken away. */
function makeAndLook(name: string, directory: string) {
  const { entries, description } = readListed(name)
  const written = writeMachine(directory, description)
  if (!written.ok) throw new Error(JSON.stringify(written.fault))
  const host = createSimulatedHost(directory, { state: undefined })
  const seen = {
    listed: entries.map(lineOf),
    onDisk: entries.map(({ path }) => lineOnDisk(directory, path)),
    told: entries.map(({ path }) => lineFromHost(host, path)),
    listedPaths: pathsOf(entries),
    paths: pathsBelow(directory),
  }
  expect(removeMachine(directory)).toEqual({ ok: true, value: { kept: [] } })
  expect(existsSync(directory)).toBe(false)
  return seen
}

describe.each(listedHosts)("the machine of hosts/%s", (name) => {
  let seen: ReturnType<typeof makeAndLook>
  beforeAll(() => {
    seen = makeAndLook(name, join(work, name))
  })

  test("shows what its listing says, path by path, and nothing else", () => {
    expect(seen.told).toEqual(seen.listed)
    expect(seen.paths).toEqual(seen.listedPaths)
  })

  test.skipIf(!canMakeNodes)("is so on disk (missing: root, to make a device node)", () => {
    expect(seen.onDisk).toEqual(seen.listed)
  })
})

// Three that have between them every kind of path there is.
test.skipIf(!isRoot).each(["orin", "mig-extras", "driver-container"])(
  "the machine of hosts/%s shows the same when another user makes it (missing: root, to become another user)",
  (name) => {
    chmodSync(work, 0o777)
    process.seteuid?.(65534)
    try {
      const { listed, told, listedPaths, paths, onDisk } = makeAndLook(name, join(work, "other-user"))
      expect(told).toEqual(listed)
      expect(paths).toEqual(listedPaths)
      expect(onDisk.some((line) => line.startsWith("char"))).toBe(false)
    } finally {
      process.seteuid?.(0)
    }
  },
)

describe("a machine of a listing", () => {
  const contentOf = (text: string, path: string, name = "x"): string => {
    const made = understand(text, name).description.made.find((one) => one.path === path)
    return made?.kind === "file" ? new TextDecoder().decode(made.content) : ""
  }

  test.each([
    ["h100.txt", "h100"],
    ["/somewhere/gb200/listing.txt", "gb200"],
    ["my-l40s-box.txt", "l40s"],
    ["unknown.txt", "a100"],
  ])("of %s is a machine of model %s", (name, model) => {
    expect(understand("dir 755 0:0 - /dev", name).description.model).toBe(model)
  })

  test("has the minors that its DRM cards tell", () => {
    const gpu = (address: string, card: number): string =>
      `dir 755 0:0 - /proc/driver/nvidia/gpus/${address}\nfile 444 0:0 400 /proc/driver/nvidia/gpus/${address}/information\ndir 755 0:0 - /sys/devices/pci0000:00/${address}/drm/card${card}`
    const text = [gpu("0000:10:00.0", 2), gpu("0000:20:00.0", 1)].join("\n")
    const minorOf = (address: string): string | undefined =>
      /Device Minor: \t (\d)/.exec(contentOf(text, `/proc/driver/nvidia/gpus/${address}/information`))?.[1]
    expect([minorOf("0000:10:00.0"), minorOf("0000:20:00.0")]).toEqual(["1", "0"])
  })

  test("has the MIG instances whose files are listed, with the numbers of the nodes that are", () => {
    const access = "/proc/driver/nvidia/capabilities/gpu0/mig/gi7/ci0/access"
    const text = [
      "dir 755 0:0 - /proc/driver/nvidia/gpus/0000:10:00.0",
      `file 444 0:0 80 ${access}`,
      "file 444 0:0 80 /proc/driver/nvidia/capabilities/gpu0/mig/gi7/access",
      "file 444 0:0 80 /proc/driver/nvidia-caps/mig-minors",
      "char 444 0:0 236:66 /dev/nvidia-caps/nvidia-cap66",
      "char 444 0:0 236:67 /dev/nvidia-caps/nvidia-cap67",
    ].join("\n")
    expect(contentOf(text, access)).toBe("DeviceFileMinor: 67\nDeviceFileMode: 292\nDeviceFileModify: 1\n")
    expect(contentOf(text, "/proc/driver/nvidia-caps/mig-minors")).toBe(
      "config 1\nmonitor 2\ngpu0/gi7/access 66\ngpu0/gi7/ci0/access 67\n",
    )
  })

  test("with MIG nodes and fewer GPUs than the example has no instance of a GPU that is not there", () => {
    const text =
      "dir 755 0:0 - /proc/driver/nvidia/gpus/0000:10:00.0\nfile 444 0:0 400 /proc/driver/nvidia-caps/mig-minors\nchar 444 0:0 236:3 /dev/nvidia-caps/nvidia-cap3"
    const minors = contentOf(text, "/proc/driver/nvidia-caps/mig-minors")
    expect(minors).toContain("gpu0/gi1/access 3")
    expect(minors).not.toContain("gpu1/")
  })

  test("of a Tegra board has every line in a list that is read by default", () => {
    const { made } = readListed("orin").description
    const linesOf = (name: string): readonly string[] =>
      made.flatMap((one) =>
        one.kind === "file" && one.path.endsWith(`/${name}`)
          ? new TextDecoder().decode(one.content).split("\n").filter(Boolean)
          : [],
      )
    const read = ["devices.csv", "drivers.csv", "l4t.csv"].flatMap(linesOf)
    expect(new Set(read.map((line) => line.slice(0, 3)))).toEqual(new Set(["dev", "sym", "lib", "dir"]))
    expect(linesOf("extra.csv").filter((line) => !line.startsWith("#"))).toEqual([])
  })

  test.each([
    ["libGLX_nvidia.so.550.1", ["libGLX_indirect.so.0", "libGLX_nvidia.so.0"], "libGLX_nvidia.so.0"],
    ["libnvidia-egl-gbm.so.1.1.1", ["libnvidia-egl-gbm.so.1"], "libnvidia-egl-gbm.so.1"],
    ["libcuda.so.550.1", ["libcuda.so"], "libcuda.so.550.1"],
    ["libnvidia-glsi.so.550.1", ["libother.so.1"], "libnvidia-glsi.so.550.1"],
  ])("%s with the links %p has the SONAME %s: the numbered link of its own name", (file, links, soname) => {
    const lines = [
      `file 755 0:0 9000 /usr/lib/${file}`,
      ...links.map((link) => `link - - - /usr/lib/${link} -> ${file}`),
    ]
    const made = understand(lines.join("\n"), "x").description.made.find((one) => one.path.endsWith(file))
    const elf = parseElf(made?.kind === "file" ? made.content : new Uint8Array())
    expect(elf.ok && elf.value.soname).toBe(soname)
  })

  test("the loader's cache names libraries by their own links, however these lead there, and by no others", () => {
    const text = [
      "file 644 0:0 4000 /etc/ld.so.cache",
      "file 755 0:0 9000 /usr/lib64/libGLX_nvidia.so.550.1",
      "link - - - /usr/lib64/libGLX_nvidia.so.0 -> libGLX_nvidia.so.550.1",
      "link - - - /usr/lib64/libGLX_indirect.so.0 -> libGLX_nvidia.so.550.1",
      "file 755 0:0 9000 /usr/lib64/nvidia/libcuda.so.550.1",
      "link - - - /etc/alternatives/cuda -> /usr/lib64/nvidia/libcuda.so.550.1",
      "link - - - /usr/lib64/libcuda.so.1 -> /etc/alternatives/cuda",
      "link - - - /usr/lib64/libcuda.so -> libcuda.so.1",
    ].join("\n")
    const made = understand(text, "x").description.made.find(({ path }) => path === "/etc/ld.so.cache")
    const cache = parseLdcache(made?.kind === "file" ? made.content : new Uint8Array())
    const names = cache.ok ? cache.value.entries.map(({ soname }) => soname) : []
    expect([...names].sort()).toEqual(["libGLX_nvidia.so.0", "libcuda.so", "libcuda.so.1"])
  })

  test("a file too small for its content has as much of it as fits, whole lines where it is read by lines", () => {
    expect(
      contentOf("file 444 0:0 11 /proc/driver/nvidia-caps/mig-minors", "/proc/driver/nvidia-caps/mig-minors"),
    ).toBe("config 1\n")
    expect(contentOf("file 644 0:0 0 /etc/ld.so.cache", "/etc/ld.so.cache")).toBe("")
    expect(contentOf("file 755 0:0 64 /usr/lib/libcuda.so.550.1", "/usr/lib/libcuda.so.550.1")).toBe("")
  })

  test("of as many libraries as a listing may have is described in moments, not in hours", () => {
    const lines = Array.from(
      { length: 19_999 },
      (_, index) => `file 644 0:0 ${index % 2 === 0 ? 9000 : 65_000} /usr/lib/lib${index}.so.1`,
    )
    const { made } = understand(["file 644 0:0 70000 /etc/ld.so.cache", ...lines].join("\n"), "x").description
    const bytes = made.reduce((sum, one) => sum + (one.kind === "file" ? one.content.length : 0), 0)
    expect(made).toHaveLength(20_000)
    expect(bytes).toBeLessThan(200_000_000)
  })
})
