import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import {
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
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run as simulate } from "../../../src/commands/simulate.ts"
import { driverPlace } from "../../../src/commands/start/driver-place.ts"
import { planStart } from "../../../src/commands/start/plan-start.ts"
import { unseenLayout } from "../../../src/core/plan/container-layout.ts"
import type { Plan } from "../../../src/core/plan/plan.ts"
import { startKey } from "../../../src/core/plan/start-key.ts"
import {
  forgetStarts,
  recallStart,
  type StartPlace,
  startPlace,
} from "../../../src/host/state/prepared-start.ts"
import { stateDirectory } from "../../../src/host/state/state-directory.ts"
import { judge } from "../../machine.ts"
import { keepPlanned } from "./keep-planned.ts"

const work = mkdtempSync(join(tmpdir(), "gantry-specifications-"))
const machine = join(work, "machine")
const state = join(work, "state")
const etc = join(machine, "etc/cdi")
const run = join(machine, "run/cdi")

const vendor = (value: string): string =>
  `cdiVersion: 0.5.0\nkind: vendor.com/nic\ndevices:\n- name: a\n  containerEdits: { env: [NIC=${value}], deviceNodes: [{ path: /dev/nvidia0 }] }\n`

beforeAll(async () => {
  await simulate(["up", machine, "--gpus", "2"])
})
afterAll(async () => {
  await simulate(["down", machine])
  rmSync(work, { recursive: true, force: true })
})
beforeEach(() => {
  for (const directory of [etc, run]) rmSync(directory, { recursive: true, force: true })
  mkdirSync(etc, { recursive: true })
  writeFileSync(join(etc, "v.yaml"), vendor("first"))
  forgetStarts(state)
})

/** What the wrapper does before it applies anything: recalled, or planned and kept. */
async function start(devices: string): Promise<{ readonly plan: Plan; readonly place: StartPlace }> {
  // What has changed within the last tick of the file system's clock is not kept.
  Bun.sleepSync(25)
  const env = [`NVIDIA_VISIBLE_DEVICES=${devices}`]
  const decision = judge({ mode: "jit-cdi", env, config: `[gantry]\nhost = "${machine}"\n` })
  if (decision.kind !== "gpu") throw new Error(decision.kind)
  const place = startPlace(
    machine,
    driverPlace(decision.config),
    startKey(decision, { layout: unseenLayout }),
    state,
  )
  if (place === undefined) throw new Error("there is no place")
  const planned = await planStart(decision, unseenLayout)
  if (!planned.ok) throw new Error(planned.fault.tag)
  keepPlanned(planned.value, place, machine)
  return { plan: planned.value.plan, place }
}
const remembers = stateDirectory() !== undefined
const missing = remembers ? "" : " (missing: a state directory)"
const isKept = (place: StartPlace): boolean => recallStart(place, machine) !== undefined

describe("what was planned from specifications is kept", () => {
  test("as it was planned", async () => {
    const { plan, place } = await start("vendor.com/nic=a")
    const kept = recallStart(place, machine)
    expect(kept?.plan).toBe(JSON.stringify(plan))
    expect(kept?.divided?.cdiDevices).toEqual(JSON.parse(JSON.stringify(plan.edits)))
  })

  const beside = "beside this machine's own devices, once the machine is known"
  test.skipIf(!remembers)(`${beside}${missing}`, async () => {
    for (let tries = 0; tries < 5; tries++) {
      const { place } = await start("1,vendor.com/nic=a")
      if (!isKept(place)) continue
      writeFileSync(join(etc, "v.yaml"), vendor("second"))
      expect(isKept(place)).toBe(false)
      return
    }
    throw new Error("it is never kept")
  })

  test.each<[what: string, change: () => void]>([
    ["a file has another text", () => writeFileSync(join(etc, "v.yaml"), vendor("other"))],
    [
      "a file gives way to another",
      () => {
        writeFileSync(join(work, "new.yaml"), vendor("first"))
        renameSync(join(work, "new.yaml"), join(etc, "v.yaml"))
      },
    ],
    ["a file is gone", () => rmSync(join(etc, "v.yaml"))],
    ["another file is there", () => writeFileSync(join(etc, "w.yaml"), vendor("second"))],
    [
      "a directory is there that was not",
      () => {
        mkdirSync(run, { recursive: true })
        writeFileSync(join(run, "v.yaml"), vendor("later"))
      },
    ],
    [
      "a directory is another's link",
      () => {
        renameSync(etc, `${etc}.old`)
        symlinkSync("cdi.old", etc)
        rmSync(join(etc, "v.yaml"))
      },
    ],
    [
      "a node is another",
      () => {
        const node = join(machine, "dev/nvidia0")
        renameSync(node, `${node}.old`)
        renameSync(join(machine, "dev/nvidia1"), node)
      },
    ],
  ])("until %s", async (_, change) => {
    const { place } = await start("vendor.com/nic=a")
    expect(isKept(place)).toBe(true)
    try {
      change()
      expect(isKept(place)).toBe(false)
    } finally {
      rmSync(`${etc}.old`, { recursive: true, force: true })
      rmSync(etc, { recursive: true, force: true })
    }
  })

  test("but not of one that is refused, nor of a file that changes while it is read", async () => {
    expect(isKept((await start("vendor.com/nic=b")).place)).toBe(false)
    // As it is for who reads it in the very moment, and never else.
    const ahead = new Date(Date.now() + 3_600_000)
    utimesSync(join(etc, "v.yaml"), ahead, ahead)
    expect(isKept((await start("vendor.com/nic=a")).place)).toBe(false)
  })

  test("nor of one of which there is too much to keep", async () => {
    const long = "x".repeat(1024 * 1024)
    writeFileSync(join(etc, "v.yaml"), vendor(long))
    expect(isKept((await start("vendor.com/nic=a")).place)).toBe(false)
  })
})

const two = `cdiVersion: 0.5.0
kind: vendor.com/nic
containerEdits: { env: [ALL=1] }
devices:
- { name: a, containerEdits: { env: [NIC=a], deviceNodes: [{ path: /dev/nvidia0 }] } }
- { name: b, containerEdits: { env: [NIC=b], deviceNodes: [{ path: /dev/nvidiactl }] } }
`

describe.skipIf(!remembers)(`a container that asks for another device${missing}`, () => {
  const index = (): string => {
    const directory = stateDirectory() ?? ""
    const files = readdirSync(directory).filter((name) => name.startsWith("cdi-"))
    const own = files.find((name) => readFileSync(join(directory, name), "utf8").includes(etc))
    return join(directory, own ?? "none")
  }

  test("gets from what is remembered what it gets from the files, with what is wrong with others", async () => {
    writeFileSync(join(etc, "v.yaml"), two)
    writeFileSync(join(etc, "w.yaml"), "{")
    const asked = ["vendor.com/nic=a", "vendor.com/nic=b", "vendor.com/nic=b,vendor.com/nic=a"]
    const read: Plan[] = []
    for (const devices of asked) {
      rmSync(index(), { force: true })
      read.push((await start(devices)).plan)
    }
    const recalled: Plan[] = []
    for (const devices of asked) recalled.push((await start(devices)).plan)
    expect(recalled).toEqual(read)
    expect(read.map(({ outcome }) => outcome)).toEqual(["inject", "inject", "inject"])
    expect(JSON.stringify(read[0])).toContain("w.yaml: not loaded")
    // It was not read again: what is remembered has the say.
    const kept = readFileSync(index(), "utf8")
    writeFileSync(index(), kept.replace("NIC=b", "NIC=B"))
    const { plan, place } = await start("vendor.com/nic=b")
    expect(JSON.stringify(plan)).toContain("NIC=B")
    expect(isKept(place)).toBe(true)
    writeFileSync(join(etc, "w.yaml"), "")
    expect(isKept(place)).toBe(false)
    expect(JSON.stringify((await start("vendor.com/nic=b")).plan)).toContain("NIC=b")
  })

  test("is refused as from the files, where its device is not there", async () => {
    writeFileSync(join(etc, "v.yaml"), two)
    await start("vendor.com/nic=a")
    const refused = (await start("vendor.com/nic=c")).plan
    expect(refused.refusal?.tag).toBe("CdiDeviceUnresolvable")
    rmSync(index())
    expect(JSON.stringify((await start("vendor.com/nic=c")).plan)).toBe(JSON.stringify(refused))
  })

  test("is refused where the machine lacks what the device needs", async () => {
    writeFileSync(join(etc, "v.yaml"), two.replace("/dev/nvidiactl", "/dev/gone"))
    await start("vendor.com/nic=a")
    const { plan, place } = await start("vendor.com/nic=b")
    expect(plan.refusal?.tag).toBe("CdiDeviceUnusable")
    expect(isKept(place)).toBe(false)
  })
})
