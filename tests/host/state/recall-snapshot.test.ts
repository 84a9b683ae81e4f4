import { beforeAll, expect, test } from "bun:test"
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { run as simulate } from "../../../src/commands/simulate.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { type HostSnapshot, observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { createSimulatedHost } from "../../../src/host/simulated.ts"
import { observeAndRemember } from "../../../src/host/state/observe-and-remember.ts"
import { forgetSnapshot, recallSnapshot } from "../../../src/host/state/recall-snapshot.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"
import { unreadHost } from "../../unread-host.ts"

const work = temporaryDirectory("cache")
const machine = join(work, "machine")
const state = join(work, "state")
const options = { driverRoot: "/", ldcache: "/etc/ld.so.cache" }
beforeAll(async () => {
  await simulate(["up", machine, "--gpus", "1"])
})

/** The machine, and how many files were read of it. */
function counted(): { readonly host: Host; readonly reads: () => number } {
  const host = createSimulatedHost(machine)
  let reads = 0
  return {
    host: {
      ...host,
      readFile(path, range) {
        reads++
        return host.readFile(path, range)
      },
      readParts: (path, use) =>
        host.readParts(path, (read) =>
          use((range) => {
            reads++
            return read(range)
          }),
        ),
    },
    reads: () => reads,
  }
}

/** As a start does. */
const know = (host: Host, where: string | undefined): HostSnapshot =>
  recallSnapshot(host, options, where)?.snapshot ?? observeAndRemember(host, options, where).snapshot

const find = (): { readonly libraries: number; readonly reads: number } => {
  // What has changed within the last tick of the file system's clock is not remembered.
  Bun.sleepSync(25)
  const { host, reads } = counted()
  return { libraries: know(host, state).driver?.libraries.length ?? 0, reads: reads() }
}

const cacheFile = (): string =>
  join(state, readdirSync(state).find((name) => name.startsWith("machine-")) ?? "")

test("the second look reads no library, and finds the same", () => {
  const first = find()
  expect(first.reads).toBeGreaterThan(20)
  expect(find()).toEqual({ libraries: first.libraries, reads: 0 })
})

test("a library that goes is noticed", () => {
  const before = find().libraries
  rmSync(join(machine, "usr/lib/x86_64-linux-gnu/libnvcuvid.so.550.163.01"))
  expect(find().libraries).toBe(before - 1)
})

test("a library that is replaced in place is looked at again", () => {
  find()
  writeFileSync(join(machine, "usr/lib/x86_64-linux-gnu/libnvidia-fbc.so.550.163.01"), "no library any more")
  expect(find().reads).toBeGreaterThan(20)
})

/** Places that are not there when the machine is first looked at, and what appears there. */
const appearing: readonly (readonly [what: string, make: () => void])[] = [
  [
    "a service's socket",
    () => {
      mkdirSync(join(machine, "run/nvidia-persistenced"), { recursive: true })
      writeFileSync(join(machine, "run/nvidia-persistenced/socket"), "")
    },
  ],
  ["a module is loaded", () => mkdirSync(join(machine, "sys/module/nvidia_fs"), { recursive: true })],
  ["a directory of libraries", () => mkdirSync(join(machine, "usr/local/nvidia/lib64"), { recursive: true })],
  ["a file in a directory that was there", () => writeFileSync(join(machine, "usr/bin/nvidia-xconfig2"), "")],
  [
    "a configuration directory",
    () => mkdirSync(join(machine, "usr/local/share/vulkan/icd.d"), { recursive: true }),
  ],
  ["the lists of channels", () => mkdirSync(join(machine, "dev/nvidia-caps-imex-channels"))],
  [
    "firmware that comes before",
    () => mkdirSync(join(machine, "lib/firmware/updates/nvidia/550.163.01"), { recursive: true }),
  ],
]

for (const [what, make] of appearing)
  test(`what was absent and appears is noticed: ${what}`, () => {
    find()
    expect(find().reads).toBe(0)
    make()
    expect(find().reads).toBeGreaterThan(20)
    expect(find().reads).toBe(0)
  })

test("a module that is loaded anew is noticed: its nodes have new numbers", () => {
  find()
  const module = join(machine, "sys/module/nvidia_uvm")
  renameSync(module, `${module}.old`)
  mkdirSync(module)
  expect(find().reads).toBeGreaterThan(20)
})

test("a file that is garbage, or that others may write, counts for nothing", () => {
  find()
  const good = readFileSync(cacheFile(), "utf8")
  for (const text of [
    "",
    "{",
    "null",
    "[]",
    '{"version":10}',
    good.replace('"version":10', '"version":2'),
    good.replace(/"stamps":.*,"links"/s, '"stamps":[null],"links"'),
    good.replace(/"snapshot":.*/s, '"snapshot":null}'),
    good.replace(/"snapshot":.*/s, '"snapshot":{"inventory":5}}'),
    good.replace(/"stamps":.*,"links"/s, '"stamps":[],"links"'),
  ]) {
    writeFileSync(cacheFile(), text)
    expect(find().reads).toBeGreaterThan(20)
  }
  find()
  chmodSync(cacheFile(), 0o666)
  expect(find().reads).toBeGreaterThan(20)
})

test("a directory that others may enter is not read from", () => {
  find()
  expect(find().reads).toBe(0)
  chmodSync(state, 0o777)
  expect(find().reads).toBeGreaterThan(20)
  chmodSync(state, 0o700)
})

test("what changes while it is looked at is not remembered", () => {
  const library = join(machine, "usr/lib/x86_64-linux-gnu/libnvidia-encode.so.550.163.01")
  writeFileSync(library, readFileSync(library))
  Bun.sleepSync(25)
  const { host } = counted()
  let isGone = false
  const racing: Host = {
    ...host,
    readParts(path, use) {
      const answer = host.readParts(path, use)
      if (path.includes("libnvidia-ml") && !isGone) {
        rmSync(library)
        isGone = true
      }
      return answer
    },
  }
  const raced = know(racing, state)
  expect([isGone, raced.driver?.libraries.some(({ path }) => path.includes("libnvidia-encode"))]).toEqual([
    true,
    true,
  ])
  const { driver } = know(createSimulatedHost(machine), state)
  expect(driver?.libraries.some(({ path }) => path.includes("libnvidia-encode"))).toBe(false)
})

test("a link on the way that leads elsewhere is noticed", () => {
  const programs = join(machine, "usr/bin")
  mkdirSync(join(machine, "opt/one"), { recursive: true })
  mkdirSync(join(machine, "opt/two"), { recursive: true })
  renameSync(join(programs, "nvidia-smi"), join(machine, "opt/two/nvidia-smi"))
  symlinkSync("one", join(machine, "opt/current"))
  symlinkSync("../../opt/current/nvidia-smi", join(programs, "nvidia-smi"))
  const hasIt = (): boolean =>
    know(createSimulatedHost(machine), state).driver?.binaries.some(({ path }) =>
      path.endsWith("/nvidia-smi"),
    ) === true
  Bun.sleepSync(25)
  expect(hasIt()).toBe(false)
  Bun.sleepSync(25)
  expect(hasIt()).toBe(false)
  rmSync(join(machine, "opt/current"))
  symlinkSync("two", join(machine, "opt/current"))
  expect(hasIt()).toBe(true)
  renameSync(join(machine, "usr"), join(machine, "usr-one"))
  symlinkSync("usr-one", join(machine, "usr"))
  Bun.sleepSync(25)
  expect(find().libraries).toBeGreaterThan(0)
  expect(find().reads).toBe(0)
  rmSync(join(machine, "usr"))
  symlinkSync("usr-two", join(machine, "usr"))
  expect(find().libraries).toBe(0)
  rmSync(join(machine, "usr"))
  renameSync(join(machine, "usr-one"), join(machine, "usr"))
})

test("a machine with an error is remembered too, for a minute", () => {
  rmSync(join(machine, "dev/nvidia-uvm"))
  find()
  expect(find().reads).toBe(0)
  const minuteAgo = new Date(Date.now() - 61_000)
  utimesSync(cacheFile(), minuteAgo, minuteAgo)
  expect(find().reads).toBeGreaterThan(20)
})

test.each([
  ["EMFILE", /^\/proc\/driver\/nvidia\/gpus$/],
  ["EIO", /\/information$/],
  ["ENOMEM", /\/libcuda\.so\.\d+\./],
  ["EIO", /^\/dev\/nvidia0$/],
])(
  "a machine of which something could not be read for a moment is not remembered (%s, %p)",
  (errno, places) => {
    forgetSnapshot(createSimulatedHost(machine), options, state)
    const seen = know(unreadHost(createSimulatedHost(machine), places, errno), state)
    expect(seen.inventory.gpus.length).toBeLessThan(2)
    expect(recallSnapshot(createSimulatedHost(machine), options, state)).toBeUndefined()
    expect(find().reads).toBeGreaterThan(20)
    expect(find().reads).toBe(0)
  },
)

test("what was forgotten is looked at again, and leftovers of the killed are removed", () => {
  find()
  const leftover = join(state, "machine-0123456789abcdef.json.1234.x1y2")
  writeFileSync(leftover, "{")
  utimesSync(leftover, new Date(0), new Date(0))
  forgetSnapshot(createSimulatedHost(machine), options, state)
  expect(find().reads).toBeGreaterThan(20)
  expect(existsSync(leftover)).toBe(false)
})

test("a link in a circle in a watched place is a place that cannot be looked at", () => {
  const watched = join(machine, "dev/infiniband")
  symlinkSync("infiniband", watched)
  expect(find().reads).toBeGreaterThan(20)
  expect(find().reads).toBe(0)
})

test("a compute instance that is made in a GPU instance is noticed", () => {
  const mig = join(machine, "proc/driver/nvidia/capabilities/gpu0/mig/gi1")
  mkdirSync(join(mig, "ci0"), { recursive: true })
  find()
  expect(find().reads).toBe(0)
  mkdirSync(join(mig, "ci1"))
  expect(find().reads).toBeGreaterThan(20)
})

test("without a place to remember, or on a machine in memory, it is looked for each time", () => {
  const { host, reads } = counted()
  know(host, undefined)
  know(host, undefined)
  expect(reads()).toBeGreaterThan(40)
})

/** DRM's: the kernel takes the nodes in /dev with them, which are watched. */
const isOfBus = (path: string): boolean => path.startsWith("sys/bus") || path.startsWith("sys/devices")

/** What can be copied: no link, device node or socket. */
function isPlain(path: string): boolean {
  const stat = lstatSync(path)
  return stat.isFile() || stat.isDirectory()
}

const hosts = join(import.meta.dir, "../../../hosts")

/** A board, whose lists name places by patterns too. */
async function makeBoard(place: string): Promise<void> {
  await simulate(["up", place, "--from", join(hosts, "orin/listing.txt")])
  for (const module of ["a", "b"]) {
    mkdirSync(join(place, "opt", module, "lib"), { recursive: true })
    writeFileSync(join(place, "opt", module, "lib/libmodule.so.1"), "")
  }
  const lists = join(place, "etc/nvidia-container-runtime/host-files-for-container.d")
  writeFileSync(join(lists, "l4t.csv"), "lib, /opt/*/lib/libmodule.so*\n")
}

/** The Windows driver's store, beside one of another device. */
async function makeWindows(place: string): Promise<void> {
  const stores = join(place, "usr/lib/wsl/drivers")
  mkdirSync(place, { recursive: true })
  const listing = join(work, "windows.txt")
  const drivers = ["nv_1", "nv_2", "other_1"].flatMap((name) => [
    `dir 755 0:0 - /usr/lib/wsl/drivers/${name}`,
    `file 644 0:0 0 /usr/lib/wsl/drivers/${name}/readme.txt`,
  ])
  writeFileSync(listing, ["char 666 0:0 10:125 /dev/dxg", ...drivers, ""].join("\n"))
  await simulate(["up", place, "--from", listing])
  mkdirSync(join(place, "usr/lib/wsl/lib"))
  for (const name of ["libcuda.so.1.1", "libnvidia-ml.so.1", "nvidia-smi"]) {
    for (const store of ["nv_1", "nv_2"]) writeFileSync(join(stores, store, name), `${name} of ${store}`)
    writeFileSync(join(place, "usr/lib/wsl/lib", name), `${name} of nv_2`)
  }
  for (const [store, version] of [
    ["nv_1", "2.0"],
    ["nv_2", "1.0"],
  ] as const)
    writeFileSync(join(stores, store, "nv.inf"), `DriverVer = 1/1/2024, ${version}\n`)
  writeFileSync(join(place, "usr/lib/wsl/lib/libdxcore.so"), "")
}

test.each<[what: string, make: (place: string) => Promise<unknown>, least: number]>([
  [
    "that has everything",
    (place) =>
      simulate([
        "up",
        place,
        "--from",
        join(hosts, "mig-extras/listing.txt"),
        "--model",
        "a100",
        "--no-nvml",
      ]),
    15,
  ],
  ["that is a board", makeBoard, 10],
  ["that is Windows's", makeWindows, 5],
])(
  "whatever goes from a machine %s, becomes empty or comes beside it, is noticed, or makes no difference",
  async (_, make, least) => {
    const machine = mkdtempSync(join(work, "whole-"))
    const own = `${machine}-state`
    await make(machine)
    const host = createSimulatedHost(machine)
    const remember = (): void => {
      for (let tries = 0; recallSnapshot(host, options, own) === undefined; tries++) {
        expect(tries).toBeLessThan(10)
        Bun.sleepSync(12)
        observeAndRemember(host, options, own)
      }
    }
    const away = join(work, "away")
    const lies: string[] = []
    let noticed = 0
    const judge = (what: string): void => {
      const recalled = recallSnapshot(host, options, own)
      if (recalled === undefined) noticed++
      else if (JSON.stringify(recalled.snapshot) !== JSON.stringify(observeSnapshot(host, options)))
        lies.push(what)
    }
    const places = readdirSync(machine, { recursive: true, encoding: "utf8" })
      .filter((path) => !isOfBus(path))
      // A few stand for all, fewer of libraries and their links; where there are few, all.
      .filter((path, index, { length }) => length < 150 || index % (path.startsWith("usr/") ? 24 : 3) === 0)
    for (const path of places) {
      const place = join(machine, path)
      remember()
      renameSync(place, away)
      judge(`${path} goes`)
      if (lstatSync(away).isFile()) {
        writeFileSync(place, "")
        judge(`${path} is empty`)
        rmSync(place)
      }
      renameSync(away, place)
      const beside = `${place}.2`
      if (!isPlain(place) || existsSync(beside)) continue
      remember()
      cpSync(place, beside, { recursive: true, filter: isPlain })
      judge(`${path}.2 comes`)
      rmSync(beside, { recursive: true })
    }
    expect(lies).toEqual([])
    expect(noticed).toBeGreaterThan(least)
  },
  120_000,
)

test("of machines that came and went no more is kept than of sixty-four", () => {
  const crowded = join(work, "crowded")
  mkdirSync(crowded, { mode: 0o700 })
  for (let one = 0; one < 64; one++) {
    const path = join(crowded, `machine-${one.toString(16).padStart(16, "0")}.json`)
    writeFileSync(path, "{}")
    utimesSync(path, 1000 + one, 1000 + one)
  }
  writeFileSync(join(crowded, "engines.json"), "{}")
  // What has changed within the last tick of the file system's clock is not remembered.
  Bun.sleepSync(25)
  const { host } = counted()
  know(host, crowded)
  const names = readdirSync(crowded)
  expect(names).toHaveLength(64 - 32 + 2)
  expect(names).toContain("engines.json")
  expect(names).toContain("machine-0000000000000020.json")
  expect(names).not.toContain("machine-000000000000001f.json")
  // What has its place already takes no other's.
  forgetSnapshot(host, options, crowded)
  know(host, crowded)
  expect(readdirSync(crowded).sort()).toEqual(names.sort())
})
