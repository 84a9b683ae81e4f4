/** Docker Swarm, three nodes: every one an engine on a machine of its own. A GPU that the scheduler gives is one of the node's. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { missing } from "./bundle.ts"
import type { Dockerd } from "./dockerd.ts"
import { lookAround, makeStage, type Stage, viewOf } from "./engine-contract.ts"
import { isolationPrograms } from "./isolation.ts"
import { addressOf, type Network, startNetwork } from "./network.ts"
import { look, openSwarm, readGiven, type Swarm, startSwarmEngine, type Task } from "./swarm.ts"

const lacks = missing("dockerd", "docker", "runc", "cc", "ip", ...isolationPrograms)
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "swarm of three nodes" : `swarm of three nodes (missing: ${lacks})`

interface Node {
  readonly stage: Stage
  readonly engine: Dockerd
  /** The last part of its address. */
  readonly host: number
}

/** One for each node: GPUs of different models have different UUIDs. */
const models = ["a100", "h100", "l4"] as const

suite(`the runtime wrapper under a scheduler: ${title}`, () => {
  let network: Network
  const stages: Stage[] = []
  const nodes: Node[] = []
  /** Nodes by Swarm's ids of them. */
  const known = new Map<string, Node>()
  let swarm: Swarm

  beforeAll(async () => {
    network = await startNetwork()
    for (const model of models) {
      const settings = 'swarm-resource = "DOCKER_RESOURCE_GPU"'
      const stage = makeStage(`swarm-${model}`, settings, ["--gpus=2", `--model=${model}`])
      const host = stages.push(stage)
      const resources = stage.gpus.map((uuid) => `GPU=${uuid}`)
      const engine = await startSwarmEngine(stage, resources, (pid) => network.plug(pid, host))
      nodes.push({ stage, engine, host })
    }
    const [manager, ...workers] = nodes
    if (manager === undefined) throw new Error("unreachable")
    const meeting = `${addressOf(manager.host)}:2377`
    // A node is dead after three beats without a sign of it.
    const flags = [`--listen-addr=${meeting}`, "--dispatcher-heartbeat=2s"]
    await manager.engine.mustDocker("swarm", "init", `--advertise-addr=${addressOf(manager.host)}`, ...flags)
    const token = (await manager.engine.mustDocker("swarm", "join-token", "--quiet", "worker")).trim()
    for (const { engine, host } of workers) {
      const identity = [`--token=${token}`, `--advertise-addr=${addressOf(host)}`]
      await engine.mustDocker("swarm", "join", ...identity, meeting)
    }
    for (const node of nodes)
      known.set((await node.engine.mustDocker("info", "--format={{.Swarm.NodeID}}")).trim(), node)
    swarm = openSwarm(manager.engine)
  })
  afterAll(async () => {
    await Promise.all(nodes.map(({ engine }) => engine.stop()))
    await network?.stop()
    for (const stage of stages) stage.remove()
  })

  const nodeOf = (task: Task): Node => {
    const node = known.get(task.node)
    if (node === undefined) throw new Error(`no such node: ${JSON.stringify(task)}`)
    return node
  }
  /** The GPU that a task was given is one of its node's, and all that it sees. */
  const checkView = async (task: Task): Promise<string> => {
    const { engine, stage } = nodeOf(task)
    const given = await readGiven(engine, task, stage)
    expect(given).toHaveLength(1)
    const [index = -1] = given
    expect(await look(engine, task, lookAround)).toBe(viewOf(index))
    return stage.gpus[index] ?? ""
  }
  const checkViews = (tasks: readonly Task[]): Promise<readonly string[]> => Promise.all(tasks.map(checkView))
  const allGpus = (): string[] => nodes.flatMap(({ stage }) => stage.gpus).sort()

  test("every GPU of every node goes to one task, which sees no other; one task too many waits", async () => {
    await swarm.create("each", "--replicas=7", "--generic-resource=GPU=1")
    const gpus = await checkViews(await swarm.waitForRunning("each", 6))
    expect([...gpus].sort()).toEqual(allGpus())
    expect((await swarm.waitForPending("each")).error).toContain("insufficient resources")
    await swarm.remove("each")
  })

  test("more GPUs than any one node has: the task waits, however many the cluster has", async () => {
    await swarm.create("large", "--generic-resource=GPU=3")
    expect((await swarm.waitForPending("large")).error).toContain("insufficient resources on 3 nodes")
    await swarm.remove("large")
  })

  let dead: Node | undefined

  test("what a dead node ran starts again elsewhere, with GPUs that are free there", async () => {
    await swarm.create("some", "--replicas=3", "--generic-resource=GPU=1")
    const before = await swarm.waitForRunning("some", 3)
    // The manager has two GPUs: not all are there.
    dead = before.map(nodeOf).find((node) => node !== nodes[0])
    if (dead === undefined) throw new Error("unreachable")
    const kept = before.filter((task) => nodeOf(task) !== dead)
    const gpusBefore = await checkViews(kept)

    await dead.engine.cell.crash()
    const isMoved = (tasks: readonly Task[]): boolean => tasks.every((task) => nodeOf(task) !== dead)
    const after = await swarm.waitForRunning("some", 3, isMoved)
    expect(after).toEqual(expect.arrayContaining([...kept]))
    const gpus = await checkViews(after)
    expect(gpus).toEqual(expect.arrayContaining([...gpusBefore]))
    expect(new Set(gpus).size).toBe(3)
    await swarm.remove("some")
  })

  test("a node that comes back has its GPUs to give, all of them", async () => {
    if (dead === undefined) throw new Error("no node has died")
    await dead.engine.cell.boot()
    await swarm.create("again", "--replicas=6", "--generic-resource=GPU=1")
    const gpus = await checkViews(await swarm.waitForRunning("again", 6))
    expect([...gpus].sort()).toEqual(allGpus())
    await swarm.remove("again")
  })
})
