import { beforeAll, beforeEach, expect, test } from "bun:test"
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run as simulate } from "../../../src/commands/simulate.ts"
import type { Socket } from "../../../src/core/inventory/inventory.ts"
import { unseenLayout } from "../../../src/core/plan/container-layout.ts"
import type { GpuDecision } from "../../../src/core/plan/decide.ts"
import { planContainer } from "../../../src/core/plan/plan-container.ts"
import { planNative } from "../../../src/core/plan/plan-native.ts"
import { startKey } from "../../../src/core/plan/start-key.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createSimulatedHost } from "../../../src/host/simulated.ts"
import { observeAndRemember } from "../../../src/host/state/observe-and-remember.ts"
import {
  forgetStarts,
  keepStart,
  recallStart,
  type StartPlace,
  startPlace,
} from "../../../src/host/state/prepared-start.ts"
import { type RememberedSnapshot, recallSnapshot } from "../../../src/host/state/recall-snapshot.ts"
import { type ContainerOptions, judge } from "../../machine.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("start")
const machine = join(work, "machine")
const state = join(work, "state")
const options = { driverRoot: "/", ldcache: "/etc/ld.so.cache" }
beforeAll(async () => {
  await simulate(["up", machine, "--gpus", "2"])
})
beforeEach(() => forgetStarts(state))

/** The machine as a second start finds it: remembered. */
function recalled(): RememberedSnapshot {
  const host = createSimulatedHost(machine)
  for (let tries = 0; tries < 5; tries++) {
    // What has changed within the last tick of the file system's clock is not remembered.
    Bun.sleepSync(25)
    observeAndRemember(host, options, state)
    const found = recallSnapshot(host, options, state)
    if (found !== undefined) return found
  }
  throw new Error("the machine is not remembered")
}

const decisionFor = (container: ContainerOptions): GpuDecision => {
  const decision = judge(container)
  if (decision.kind !== "gpu") throw new Error(decision.kind)
  return decision
}
const keyFor = (container: ContainerOptions, surroundings: object = {}): string | undefined =>
  startKey(decisionFor(container), { layout: unseenLayout, ...surroundings })
const gpu0 = { env: ["NVIDIA_VISIBLE_DEVICES=0"] }

function placeOf(key: string | undefined = keyFor(gpu0)): StartPlace {
  const place = startPlace(machine, options, key, state)
  if (place === undefined) throw new Error("there is no place")
  return place
}
const kept = { plan: '{"version":1}', divided: undefined }
const keep = (sockets: readonly Socket[] = []): void => keepStart(placeOf(), recalled(), sockets, kept)
const recall = (place = placeOf()): unknown => recallStart(place, machine)
const starts = (): readonly string[] => readdirSync(state).filter((name) => name.startsWith("start-"))

test("what was kept comes back as it was", () => {
  expect(recall()).toBeUndefined()
  keep()
  expect(recall()).toEqual(kept)
})

test.each<[what: string, key: string | undefined]>([
  ["other devices", keyFor({ env: ["NVIDIA_VISIBLE_DEVICES=1"] })],
  ["other capabilities", keyFor({ env: [...gpu0.env, "NVIDIA_DRIVER_CAPABILITIES=all"] })],
  ["a requirement", keyFor({ env: [...gpu0.env, "NVIDIA_REQUIRE_CUDA=cuda>=99"] })],
  ["privilege", keyFor({ ...gpu0, isPrivileged: true })],
  ["another mode", keyFor({ ...gpu0, mode: "cdi" })],
  ["another configuration", keyFor({ ...gpu0, config: "[gantry]\nenforce = true\n" })],
  ["a comment in the configuration", keyFor({ ...gpu0, config: "# comment\n" })],
  ["a root of another kind", keyFor(gpu0, { layout: { ...unseenLayout, isDebian: true } })],
  ["a volume", keyFor(gpu0, { mountedOver: ["/usr"] })],
  ["a user namespace", keyFor(gpu0, { hasUserNamespace: true })],
])("with %s it is another start", (_, key) => {
  keep()
  expect(key).not.toBe(keyFor(gpu0))
  expect(recall(placeOf(key))).toBeUndefined()
})

test("the container's own names make no other start", () => {
  const named = (bundle: string) => {
    const { request, ...rest } = decisionFor(gpu0)
    const container = { pid: 7n, bundle, rawRootPath: bundle }
    return startKey({ ...rest, request: { ...request, container } }, { layout: unseenLayout })
  }
  expect(named("/a")).toBe(named("/b"))
})

test("another machine, another driver root and another user's place are others", () => {
  keep()
  const key = keyFor(gpu0)
  expect(startPlace(join(work, "other"), options, key, state)?.file).not.toBe(placeOf().file)
  expect(startPlace(machine, { ...options, driverRoot: "/run/nvidia/driver" }, key, state)?.file).not.toBe(
    placeOf().file,
  )
  expect(startPlace(machine, options, key, undefined)).toBeUndefined()
})

test("a file of another key is not believed, whatever its name", () => {
  keep()
  const { file } = placeOf()
  writeFileSync(file, readFileSync(file, "utf8").replace("NVIDIA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICEZ"))
  expect(recall()).toBeUndefined()
})

test.each<[what: string, change: () => void]>([
  ["a library that goes", () => rmSync(join(machine, "usr/lib/x86_64-linux-gnu/libnvcuvid.so.550.163.01"))],
  ["a node that goes", () => rmSync(join(machine, "dev/nvidia1"))],
  [
    "another driver",
    () => {
      const file = join(machine, "sys/module/nvidia/version")
      rmSync(file)
      writeFileSync(file, "550.163.02\n")
    },
  ],
])("%s is noticed", (_, change) => {
  keep()
  expect(recall()).toEqual(kept)
  change()
  expect(recall()).toBeUndefined()
})

test("a service that begins or ends to listen is noticed", () => {
  const path = hostPath("/run/nvidia-persistenced/socket")
  const list = join(machine, "proc/net/unix")
  mkdirSync(join(machine, "proc/net"), { recursive: true })
  const heading = "Num       RefCount Protocol Flags    Type St Inode Path\n"
  const listener = `0000: 00000002 00000000 00010000 0001 01 2 ${path}\n`
  const listens = (isListening: boolean): void => writeFileSync(list, heading + (isListening ? listener : ""))
  const socket = (isListening: boolean): Socket => ({ name: "persistenced", path, isListening })
  listens(true)
  keep([socket(true)])
  expect(recall()).toEqual(kept)
  listens(false)
  expect(recall()).toBeUndefined()
  keep([socket(false)])
  expect(recall()).toEqual(kept)
  listens(true)
  expect(recall()).toBeUndefined()
})

test.each<[what: string, content: string]>([
  ["nothing", ""],
  ["no JSON", "{\n{}\n"],
  ["null", "null\n{}\n"],
  ["another version", '{"version":2}\n{}\n'],
  ["stamps that are none", '{"version":1,"stamps":[1],"links":[],"sockets":[]}\n{}\n'],
])("a file that holds %s is passed over", (_, content) => {
  const { file, key } = placeOf()
  mkdirSync(state, { recursive: true, mode: 0o700 })
  writeFileSync(file, content.replace('"version":1', `"version":1,"key":${JSON.stringify(key)}`), {
    mode: 0o600,
  })
  expect(recall()).toBeUndefined()
})

test("a file cut off before its plan is passed over, and so is one that others may write", () => {
  keep()
  const { file } = placeOf()
  const whole = readFileSync(file, "utf8")
  writeFileSync(file, whole.split("\n", 1)[0] ?? "")
  expect(recall()).toBeUndefined()
  writeFileSync(file, whole)
  expect(recall()).toEqual(kept)
  chmodSync(file, 0o622)
  expect(recall()).toBeUndefined()
})

test("no more than 64 are kept, the older go", () => {
  const snapshot = recalled()
  for (let index = 0; index < 100; index++)
    keepStart(placeOf(keyFor({ env: [`NVIDIA_VISIBLE_DEVICES=${index}`] })), snapshot, [], kept)
  expect(starts().length).toBeLessThanOrEqual(64)
  expect(starts().length).toBeGreaterThan(32)
  expect(recall(placeOf(keyFor({ env: ["NVIDIA_VISIBLE_DEVICES=99"] })))).toEqual(kept)
  forgetStarts(state)
  expect(starts()).toEqual([])
})

test("who asks for too much is not kept", () => {
  const many = { env: [`NVIDIA_VISIBLE_DEVICES=${"0,".repeat(40_000)}0`] }
  expect(keyFor(many)).toBeUndefined()
  expect(startPlace(machine, options, keyFor(many), state)).toBeUndefined()
})

test("planning reads nothing that the key does not have", () => {
  const { snapshot } = recalled()
  const plan = (bundle: string, pid: bigint): string => {
    const decision = decisionFor(gpu0)
    const container = { ...decision.request.container, bundle, pid, rawRootPath: bundle }
    return JSON.stringify(
      planContainer(
        { ...decision, request: { ...decision.request, container } },
        {
          injector: "native",
          planMachine: planNative,
          observe: () => ({ ok: true, value: snapshot }),
          observeLayout: () => unseenLayout,
        },
      ),
    )
  }
  expect(plan("/a", 1n)).toBe(plan("/b", 2n))
})
