/**
 * Docker Swarm, one node: the scheduler hands out generic resources, and says by a variable which. Of all the ways in, the daemon's default
 * runtime is the only one that Swarm leaves.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { missing } from "./bundle.ts"
import type { Dockerd } from "./dockerd.ts"
import { lookAround, makeStage, type Stage, unknownDevice, viewOf } from "./engine-contract.ts"
import { isolationPrograms } from "./isolation.ts"
import { look, openSwarm, readGiven, type Swarm, startSwarmEngine, type Task } from "./swarm.ts"

const lacks = missing("dockerd", "docker", "runc", "cc", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "swarm" : `swarm (missing: ${lacks})`

suite(`the runtime wrapper under a scheduler: ${title}`, () => {
  let stage: Stage
  let engine: Dockerd
  let swarm: Swarm

  beforeAll(async () => {
    stage = makeStage("swarm", 'swarm-resource = "DOCKER_RESOURCE_GPU,DOCKER_RESOURCE_LOST"')
    // And one that the machine has lost since somebody wrote this.
    const resources = [...stage.gpus.map((uuid) => `GPU=${uuid}`), "LOST=GPU-of-yesterday"]
    engine = await startSwarmEngine(stage, resources)
    await engine.mustDocker("swarm", "init", "--advertise-addr=127.0.0.1", "--listen-addr=127.0.0.1:2377")
    swarm = openSwarm(engine)
  })
  afterAll(async () => {
    await engine?.stop()
    stage?.remove()
  })

  const given = (task: Task): Promise<readonly number[]> => readGiven(engine, task, stage)

  test("each task sees the GPU that the scheduler gave it and no other; one too many waits", async () => {
    await swarm.create("each", "--replicas=5", "--generic-resource=GPU=1")
    const tasks = await swarm.waitForRunning("each", 4)
    const indexes = (await Promise.all(tasks.map(given))).flat()
    expect([...indexes].sort()).toEqual([0, 1, 2, 3])
    const views = await Promise.all(tasks.map((task) => look(engine, task, lookAround)))
    expect(views).toEqual(indexes.map(viewOf))
    expect((await swarm.waitForPending("each")).error).toContain("insufficient resources")
    await swarm.remove("each")
  })

  test("two GPUs for one task", async () => {
    await swarm.create("two", "--generic-resource=GPU=2")
    const [task] = await swarm.waitForRunning("two", 1)
    if (task === undefined) throw new Error("unreachable")
    const indexes = await given(task)
    expect(indexes).toHaveLength(2)
    const seen = await look(engine, task, "ls /dev | grep -E 'nvidia[0-9]'; loader-probe")
    expect(seen).toBe(`${indexes.map((index) => `nvidia${index}\n`).join("")}libcuda answers 1000\n`)
    await swarm.remove("two")
  })

  test("what the user of a service asks for beside the scheduler does not count", async () => {
    await swarm.create("greedy", "--generic-resource=GPU=1", "--env=NVIDIA_VISIBLE_DEVICES=all")
    const [task] = await swarm.waitForRunning("greedy", 1)
    if (task === undefined) throw new Error("unreachable")
    expect(await look(engine, task, lookAround)).toBe(viewOf((await given(task))[0] ?? -1))
    await swarm.remove("greedy")
  })

  test("a task that ends is followed by one with a GPU of its own", async () => {
    await swarm.create("again", "--generic-resource=GPU=1")
    const [first] = await swarm.waitForRunning("again", 1)
    await engine.mustDocker("kill", first?.container ?? "")
    const [next] = await swarm.waitForRunning("again", 1, ([one]) => one?.id !== first?.id)
    if (next === undefined) throw new Error("unreachable")
    expect(await look(engine, next, lookAround)).toBe(viewOf((await given(next))[0] ?? -1))
    await swarm.remove("again")
  })

  test("a service that asks for nothing gets nothing", async () => {
    await swarm.create("plain")
    const [task] = await swarm.waitForRunning("plain", 1)
    if (task === undefined) throw new Error("unreachable")
    expect(await look(engine, task, "ls /dev | grep nvidia; ls /usr/lib | grep cuda; echo done")).toBe(
      "done\n",
    )
    await swarm.remove("plain")
  })

  test("a GPU that the scheduler knows and the machine does not: the service says so", async () => {
    await swarm.create("lost", "--generic-resource=LOST=1", "--restart-condition=none")
    const [task] = await swarm.waitFor("lost", ([one]) => ["failed", "rejected"].includes(one?.state ?? ""))
    expect(task?.error).toMatch(unknownDevice("GPU-of-yesterday"))
    await swarm.remove("lost")
  })
})
