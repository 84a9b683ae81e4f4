/** A dockerd of our own, for one test file, in a cell. It finds the hook on its PATH, as on a user's machine. */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { mustRun, type Ran } from "./bundle.ts"
import { type Cell, startCell } from "./isolation.ts"

export interface Dockerd {
  readonly cell: Cell
  /** Runs the client. Faults are in the result: a container that fails is what many tests want. */
  docker(...args: readonly string[]): Promise<Ran>
  /** Runs the client and insists on success; its standard output. */
  mustDocker(...args: readonly string[]): Promise<string>
  /** Makes an image of a root file system. `changes`: as in a Dockerfile, `ENV A=b`. */
  importImage(root: string, name: string, changes?: readonly string[]): Promise<void>
  /** The config.json that the engine wrote for a running container. */
  readSpec(containerId: string): string
  /** Ends it and removes everything. Twice is no error. */
  stop(): Promise<void>
}

const clientTimeoutMs = 60_000

/** `environment` is the daemon's, and so the hook's; `settings` is its daemon.json; `connect` is the cell's. */
export async function startDockerd(
  environment: Readonly<Record<string, string>>,
  hookDirectory: string,
  settings: object = {},
  connect: (pid: number) => void = () => undefined,
): Promise<Dockerd> {
  const path = `${hookDirectory}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`
  const cell = await startCell({
    name: "dockerd",
    connect,
    environment: { ...environment, PATH: path },
    daemon(directory) {
      // As /run, it is empty at the start of a machine. What is left of an earlier life is taken for alive.
      rmSync(join(directory, "run"), { recursive: true, force: true })
      writeFileSync(join(directory, "daemon.json"), JSON.stringify(settings))
      return [
        ...["dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"],
        ...["--config-file", join(directory, "daemon.json"), "--data-root", join(directory, "data")],
        ...["--exec-root", join(directory, "run/exec"), "--pidfile", join(directory, "run/pid")],
        ...["--cgroup-parent", `/${basename(directory)}`, "--host", `unix://${socketIn(directory)}`],
      ]
    },
    isReady: (directory) => answers(socketIn(directory)),
  })
  const socket = socketIn(cell.directory)

  // The distribution's client speaks the daemon's language; a newer one elsewhere on the PATH may not.
  const client = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker"
  const docker = async (...args: readonly string[]): Promise<Ran> => {
    const ran = Bun.spawn([client, "--host", `unix://${socket}`, ...args], {
      env: { PATH: path, HOME: cell.directory, DOCKER_CONFIG: join(cell.directory, "client") },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: clientTimeoutMs,
    })
    const [stdout, stderr, status] = await Promise.all([ran.stdout.text(), ran.stderr.text(), ran.exited])
    return { status, stdout, stderr }
  }
  const mustDocker = async (...args: readonly string[]): Promise<string> => {
    const ran = await docker(...args)
    if (ran.status !== 0)
      throw new Error(`docker ${args.join(" ")}: ${ran.status}: ${ran.stderr}${ran.stdout}`)
    return ran.stdout
  }

  return {
    cell,
    docker,
    mustDocker,
    stop: () => cell.stop(),
    async importImage(root, name, changes = []) {
      const archive = join(cell.directory, "image.tar")
      mustRun("tar", ["-C", root, "--numeric-owner", "-cf", archive, "."])
      await mustDocker("import", ...changes.flatMap((change) => ["--change", change]), archive, name)
      rmSync(archive)
    },
    readSpec(containerId) {
      const tasks = join(cell.directory, "run/exec/containerd/daemon/io.containerd.runtime.v2.task/moby")
      return readFileSync(join(tasks, containerId, "config.json"), "utf8")
    },
  }
}

const socketIn = (directory: string): string => join(directory, "run/docker.sock")

async function answers(socket: string): Promise<boolean> {
  try {
    return (await fetch("http://docker/_ping", { unix: socket })).ok
  } catch {
    return false
  }
}
