/**
 * Docker Swarm, one node: the scheduler hands out generic resources, and says by a variable which. Of all the ways in, the daemon's default
 * runtime is the only one that Swarm leaves.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { dirname } from "node:path"
import { hookProgram, missing, wrapperProgram } from "./bundle.ts"
import { type Dockerd, startDockerd } from "./dockerd.ts"
import { lookAround, makeStage, type Stage, unknownDevice, viewOf } from "./engine-contract.ts"
import { isolationPrograms } from "./isolation.ts"

const lacks = missing("dockerd", "docker", "runc", "cc", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "swarm" : `swarm (missing: ${lacks})`

const timeoutMs = 60_000

interface Task {
  readonly id: string
  readonly state: string
  readonly error: string
  readonly container: string
}

suite(`the runtime wrapper under a scheduler: ${title}`, () => {
  let stage: Stage
  let engine: Dockerd

  beforeAll(async () => {
    stage = makeStage("swarm", 'swarm-resource = "DOCKER_RESOURCE_GPU,DOCKER_RESOURCE_LOST"')
    const settings = {
      runtimes: { nvidia: { path: wrapperProgram } },
      "default-runtime": "nvidia",
      // And one that the machine has lost since somebody wrote this.
      "node-generic-resources": [...stage.gpus.map((uuid) => `GPU=${uuid}`), "LOST=GPU-of-yesterday"],
    }
    const environment = { NVIDIA_CTK_CONFIG_FILE_PATH: stage.config }
    engine = await startDockerd(environment, dirname(hookProgram), settings)
    await engine.importImage(stage.root, "plain:1")
    await engine.mustDocker("swarm", "init", "--advertise-addr=127.0.0.1", "--listen-addr=127.0.0.1:2377")
  })
  afterAll(async () => {
    await engine?.stop()
    stage?.remove()
  })

  /** Its tasks wait to be looked into. Nothing is looked up outside: not the image, and no network is made. */
  const create = async (name: string, ...flags: readonly string[]): Promise<void> => {
    const quiet = ["--detach", "--quiet", "--no-resolve-image", "--network=host", "--stop-grace-period=1s"]
    const command = ["sh", "-c", "trap exit TERM; while :; do sleep 1; done"]
    const rights = ["--cap-add=MKNOD", "--restart-delay=100ms"]
    await engine.mustDocker(
      "service",
      "create",
      ...quiet,
      ...rights,
      `--name=${name}`,
      ...flags,
      "plain:1",
      ...command,
    )
  }

  const tasksOf = async (service: string): Promise<readonly Task[]> => {
    const ids = (await engine.mustDocker("service", "ps", "--quiet", "--no-trunc", service)).split("\n")
    const known = ids.filter((id) => id !== "")
    if (known.length === 0) return []
    const inspected = JSON.parse(await engine.mustDocker("inspect", "--type=task", ...known)) as readonly {
      readonly ID: string
      readonly Status: {
        readonly State: string
        readonly Err?: string
        readonly ContainerStatus?: { readonly ContainerID: string }
      }
    }[]
    return inspected.map(({ ID, Status }) => ({
      id: ID,
      state: Status.State,
      error: Status.Err ?? "",
      container: Status.ContainerStatus?.ContainerID ?? "",
    }))
  }

  /** Waits for tasks as they should be; fails with what they are. */
  const waitFor = async (
    service: string,
    isAsWanted: (tasks: readonly Task[]) => boolean,
  ): Promise<readonly Task[]> => {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const tasks = await tasksOf(service)
      if (isAsWanted(tasks)) return tasks
      if (Date.now() > deadline) throw new Error(`${service}: ${JSON.stringify(tasks)}`)
      await Bun.sleep(100)
    }
  }
  const running = (tasks: readonly Task[]): readonly Task[] =>
    tasks.filter(({ state }) => state === "running")
  const waitForRunning = async (service: string, count: number): Promise<readonly Task[]> =>
    running(await waitFor(service, (tasks) => running(tasks).length === count))

  const look = (task: Task, script: string): Promise<string> =>
    engine.mustDocker("exec", task.container, "sh", "-c", script)
  const given = async (task: Task): Promise<string> =>
    (await look(task, 'echo "$DOCKER_RESOURCE_GPU"')).trim()
  /** Which of the machine's GPUs the scheduler gave, by index. */
  const indexesOf = (value: string): readonly number[] =>
    value
      .split(",")
      .map((uuid) => stage.gpus.indexOf(uuid))
      .sort()
  /** What it had is free a while later: a service that needs it waits. */
  const remove = (service: string): Promise<string> => engine.mustDocker("service", "rm", service)

  test("each task sees the GPU that the scheduler gave it and no other; one too many waits", async () => {
    await create("each", "--replicas=5", "--generic-resource=GPU=1")
    const tasks = await waitForRunning("each", 4)
    const indexes = await Promise.all(tasks.map(async (task) => indexesOf(await given(task))[0] ?? -1))
    expect([...indexes].sort()).toEqual([0, 1, 2, 3])
    const views = await Promise.all(tasks.map((task) => look(task, lookAround)))
    expect(views).toEqual(indexes.map(viewOf))
    const pending = await waitFor("each", (all) => all.some(({ error }) => error !== ""))
    expect(pending.filter(({ state }) => state !== "running")).toEqual([
      expect.objectContaining({ state: "pending", error: expect.stringContaining("insufficient resources") }),
    ])
    await remove("each")
  })

  test("two GPUs for one task", async () => {
    await create("two", "--generic-resource=GPU=2")
    const [task] = await waitForRunning("two", 1)
    if (task === undefined) throw new Error("unreachable")
    const indexes = indexesOf(await given(task))
    expect(indexes).toHaveLength(2)
    const seen = await look(task, "ls /dev | grep -E 'nvidia[0-9]'; loader-probe")
    expect(seen).toBe(`${indexes.map((index) => `nvidia${index}\n`).join("")}libcuda answers 1000\n`)
    await remove("two")
  })

  test("what the user of a service asks for beside the scheduler does not count", async () => {
    await create("greedy", "--generic-resource=GPU=1", "--env=NVIDIA_VISIBLE_DEVICES=all")
    const [task] = await waitForRunning("greedy", 1)
    if (task === undefined) throw new Error("unreachable")
    expect(await look(task, lookAround)).toBe(viewOf(indexesOf(await given(task))[0] ?? -1))
    await remove("greedy")
  })

  test("a task that ends is followed by one with a GPU of its own", async () => {
    await create("again", "--generic-resource=GPU=1")
    const [first] = await waitForRunning("again", 1)
    await engine.mustDocker("kill", first?.container ?? "")
    const isNext = ({ id, state }: Task): boolean => id !== first?.id && state === "running"
    const next = (await waitFor("again", (tasks) => tasks.some(isNext))).find(isNext)
    if (next === undefined) throw new Error("unreachable")
    expect(await look(next, lookAround)).toBe(viewOf(indexesOf(await given(next))[0] ?? -1))
    await remove("again")
  })

  test("a service that asks for nothing gets nothing", async () => {
    await create("plain")
    const [task] = await waitForRunning("plain", 1)
    if (task === undefined) throw new Error("unreachable")
    expect(await look(task, "ls /dev | grep nvidia; ls /usr/lib | grep cuda; echo done")).toBe("done\n")
    await remove("plain")
  })

  test("a GPU that the scheduler knows and the machine does not: the service says so", async () => {
    await create("lost", "--generic-resource=LOST=1", "--restart-condition=none")
    const [task] = await waitFor("lost", ([one]) => ["failed", "rejected"].includes(one?.state ?? ""))
    expect(task?.error).toMatch(unknownDevice("GPU-of-yesterday"))
    await remove("lost")
  })
})
