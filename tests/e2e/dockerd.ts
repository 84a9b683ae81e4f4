/**
 * A dockerd of our own, for one test file: everything it makes lies in one directory, and all its processes, mounts and network
 * devices in namespaces of its own. So killing its first process ends containers, shims and mounts with it, whatever went wrong,
 * and nothing of this machine's own Docker is touched. It finds the hook on its PATH, as on a user's machine.
 */

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { makeDirectory, mustRun, type Ran } from "./bundle.ts"
import { cgroupName, isolated, removeCgroups } from "./isolation.ts"

export interface Dockerd {
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

const readyTimeoutMs = 60_000
const clientTimeoutMs = 60_000

/** `environment` is the daemon's, and so the hook's; `settings` is its daemon.json. */
export async function startDockerd(
  environment: Readonly<Record<string, string>>,
  hookDirectory: string,
  settings: object = {},
): Promise<Dockerd> {
  const directory = makeDirectory("dockerd")
  const socket = join(directory, "docker.sock")
  const execRoot = join(directory, "exec")
  const logPath = join(directory, "log")
  const log = openSync(logPath, "w")
  mkdirSync(join(directory, "client"))
  await Bun.write(join(directory, "daemon.json"), JSON.stringify(settings))
  const path = `${hookDirectory}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`
  const flags = [
    ...["--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"],
    ...["--config-file", join(directory, "daemon.json"), "--data-root", join(directory, "data")],
    ...["--exec-root", execRoot, "--pidfile", join(directory, "pid")],
    ...["--cgroup-parent", `/${cgroupName}`, "--host", `unix://${socket}`],
  ]
  const daemon = Bun.spawn([...isolated, "dockerd", ...flags], {
    cwd: directory,
    env: { HOME: directory, ...environment, PATH: path },
    stdin: "ignore",
    stdout: log,
    stderr: log,
  })
  closeSync(log)

  // The distribution's client speaks the daemon's language; a newer one elsewhere on the PATH may not.
  const client = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker"
  const docker = async (...args: readonly string[]): Promise<Ran> => {
    const ran = Bun.spawn([client, "--host", `unix://${socket}`, ...args], {
      env: { PATH: path, HOME: directory, DOCKER_CONFIG: join(directory, "client") },
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

  const hasEnded = (): boolean => daemon.exitCode !== null || daemon.signalCode !== null
  const stop = async (): Promise<void> => {
    if (!hasEnded()) daemon.kill("SIGKILL")
    await daemon.exited
    await removeCgroups(cgroupName)
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }

  const deadline = Date.now() + readyTimeoutMs
  while (!(await isReady(socket))) {
    if (!hasEnded() && Date.now() < deadline) {
      await Bun.sleep(50)
      continue
    }
    const said = readFileSync(logPath, "utf8").trim().split("\n").slice(-5).join("\n")
    await stop()
    throw new Error(`dockerd did not start: ${said}`)
  }

  return {
    docker,
    mustDocker,
    stop,
    async importImage(root, name, changes = []) {
      const archive = join(directory, "image.tar")
      mustRun("tar", ["-C", root, "--numeric-owner", "-cf", archive, "."])
      await mustDocker("import", ...changes.flatMap((change) => ["--change", change]), archive, name)
      rmSync(archive)
    },
    readSpec(containerId) {
      const tasks = join(execRoot, "containerd/daemon/io.containerd.runtime.v2.task/moby")
      return readFileSync(join(tasks, containerId, "config.json"), "utf8")
    },
  }
}

async function isReady(socket: string): Promise<boolean> {
  try {
    return (await fetch("http://docker/_ping", { unix: socket })).ok
  } catch {
    return false
  }
}
