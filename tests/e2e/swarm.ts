/** What tests of Docker Swarm share: an engine with GPUs to hand out, services, and waiting for their tasks. */

import { dirname } from "node:path"
import { hookProgram, wrapperProgram } from "./bundle.ts"
import { type Dockerd, startDockerd } from "./dockerd.ts"
import type { Stage } from "./engine-contract.ts"

const image = "plain:1"
const timeoutMs = 60_000

/** The daemon's default runtime is the only way in that Swarm leaves. `resources`: as node-generic-resources, `GPU=id`. */
export async function startSwarmEngine(
  stage: Stage,
  resources: readonly string[],
  connect?: (pid: number) => void,
): Promise<Dockerd> {
  const settings = {
    runtimes: { nvidia: { path: wrapperProgram } },
    "default-runtime": "nvidia",
    "node-generic-resources": resources,
  }
  const environment = { NVIDIA_CTK_CONFIG_FILE_PATH: stage.config }
  const engine = await startDockerd(environment, dirname(hookProgram), settings, connect)
  await engine.importImage(stage.root, image)
  return engine
}

export interface Task {
  readonly id: string
  /** Swarm's id of it; empty while there is none. */
  readonly node: string
  readonly state: string
  /** Whether Swarm wants it to run. What a dead node ran is still said to run. */
  readonly isWanted: boolean
  readonly error: string
  readonly container: string
}

export interface Swarm {
  /** Its tasks wait to be looked into. Nothing is looked up outside: not the image, and no network is made. */
  create(service: string, ...flags: readonly string[]): Promise<void>
  /** Waits for tasks as they should be; fails with what they are. */
  waitFor(service: string, isAsWanted: (tasks: readonly Task[]) => boolean): Promise<readonly Task[]>
  /** Waits until so many run, and these as they should, and tells which. */
  waitForRunning(
    service: string,
    count: number,
    isAsWanted?: (running: readonly Task[]) => boolean,
  ): Promise<readonly Task[]>
  /** Waits until one task that does not run says why. */
  waitForPending(service: string): Promise<Task>
  /** What it had is free a while later: a service that needs it waits. */
  remove(service: string): Promise<void>
}

const isRunning = ({ state, isWanted }: Task): boolean => isWanted && state === "running"

export function openSwarm({ mustDocker }: Dockerd): Swarm {
  const readTasks = async (service: string): Promise<readonly Task[]> => {
    const ids = (await mustDocker("service", "ps", "--quiet", "--no-trunc", service)).split("\n")
    const known = ids.filter((id) => id !== "")
    if (known.length === 0) return []
    const inspected = JSON.parse(await mustDocker("inspect", "--type=task", ...known)) as readonly {
      readonly ID: string
      readonly NodeID?: string
      readonly DesiredState: string
      readonly Status: {
        readonly State: string
        readonly Err?: string
        readonly ContainerStatus?: { readonly ContainerID: string }
      }
    }[]
    return inspected.map(({ ID, NodeID, DesiredState, Status }) => ({
      id: ID,
      node: NodeID ?? "",
      state: Status.State,
      isWanted: DesiredState === "running",
      error: Status.Err ?? "",
      container: Status.ContainerStatus?.ContainerID ?? "",
    }))
  }
  const waitFor: Swarm["waitFor"] = async (service, isAsWanted) => {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const tasks = await readTasks(service)
      if (isAsWanted(tasks)) return tasks
      if (Date.now() > deadline) throw new Error(`${service}: ${JSON.stringify(tasks)}`)
      await Bun.sleep(100)
    }
  }
  return {
    waitFor,
    async create(service, ...flags) {
      const quiet = ["--detach", "--quiet", "--no-resolve-image", "--network=host", "--stop-grace-period=1s"]
      const rights = ["--cap-add=MKNOD", "--restart-delay=100ms"]
      const command = ["sh", "-c", "trap exit TERM; while :; do sleep 1; done"]
      const named = [...quiet, ...rights, `--name=${service}`, ...flags]
      await mustDocker("service", "create", ...named, image, ...command)
    },
    async waitForRunning(service, count, isAsWanted = () => true) {
      const isSo = (running: readonly Task[]): boolean => running.length === count && isAsWanted(running)
      return (await waitFor(service, (tasks) => isSo(tasks.filter(isRunning)))).filter(isRunning)
    },
    async waitForPending(service) {
      const isSo = ({ state, error }: Task): boolean => state === "pending" && error !== ""
      const pending = (await waitFor(service, (tasks) => tasks.some(isSo))).find(isSo)
      if (pending === undefined) throw new Error("unreachable")
      return pending
    },
    async remove(service) {
      await mustDocker("service", "rm", service)
    },
  }
}

/** What a shell in a task's container says. */
export const look = (engine: Dockerd, task: Task, script: string): Promise<string> =>
  engine.mustDocker("exec", task.container, "sh", "-c", script)

/** Which of the machine's GPUs the scheduler gave, by index; -1: another machine's. */
export async function readGiven(engine: Dockerd, task: Task, stage: Stage): Promise<readonly number[]> {
  const given = (await look(engine, task, 'echo "$DOCKER_RESOURCE_GPU"')).trim()
  return given
    .split(",")
    .map((uuid) => stage.gpus.indexOf(uuid))
    .sort()
}
