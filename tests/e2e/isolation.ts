/**
 * Namespaces for an engine of our own, for one test file: processes, mounts and network devices are the engine's alone, and so are /run, the
 * semaphores and what podman keeps of blobs. Killing its first process ends containers, shims and mounts with it, whatever went wrong; nothing of this machine's own
 * engines is touched. Only control groups outlive it, and they are removed by their name.
 */

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs"
import { join } from "node:path"
import { makeDirectory, type Ran } from "./bundle.ts"

/** The first process gets its signal when we die, and its child, first in a process namespace, when it dies. */
const namespaces = [
  ...["setpriv", "--pdeathsig", "KILL"],
  ...["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"],
]

/** Some places have names of their own in engines, whatever they are told. */
const furnish = `
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev/shm &&
mkdir -p /var/lib/containers && mount -t tmpfs tmpfs /var/lib/containers &&
busybox ip link set lo up && exec "$@"`

/** Comes before a daemon's command line. */
export const isolated: readonly string[] = [...namespaces, "sh", "-c", furnish, "sh"]

/** What it needs of the machine, and what entering a cell does. */
export const isolationPrograms = ["busybox", "unshare", "setpriv", "nsenter"] as const

/** The control group below which an engine puts its containers. */
export const cgroupName = `gantry-test-${process.pid}`

export interface Cell {
  /** Everything that the engine writes lies here; removed with the cell. */
  readonly directory: string
  /** Runs a program inside. Faults are in the result: a container that fails is what many tests want. */
  run(program: string, ...args: readonly string[]): Promise<Ran>
  /** Runs a program inside and insists on success; its standard output. */
  mustRun(program: string, ...args: readonly string[]): Promise<string>
  /** Ends it and removes everything. Twice is no error. */
  stop(): Promise<void>
}

interface CellShape {
  readonly name: string
  /** The first process of the cell, when its directory is known; undefined: one that only waits. */
  readonly daemon?: (directory: string) => readonly string[]
  /** Of the daemon and of what is run inside. */
  readonly environment: Readonly<Record<string, string>>
}

const readyTimeoutMs = 60_000
const programTimeoutMs = 60_000
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** It waits for children that are not its own: an engine's monitors end as orphans. */
const idle = ["sh", "-c", "while :; do sleep 1000 & wait; done"]

/** Tells that the namespaces are as they should be: a cell may be entered. */
const tell = ["sh", "-c", 'touch "$0" && exec "$@"']

export async function startCell({ name, daemon, environment }: CellShape): Promise<Cell> {
  const directory = makeDirectory(name)
  const mark = join(directory, "furnished")
  const logPath = join(directory, "log")
  const log = openSync(logPath, "w")
  const env = { HOME: directory, PATH: searchPath, ...environment }
  const first = Bun.spawn([...isolated, ...tell, mark, ...(daemon?.(directory) ?? idle)], {
    cwd: directory,
    env,
    stdin: "ignore",
    stdout: log,
    stderr: log,
  })
  closeSync(log)

  const hasEnded = (): boolean => first.exitCode !== null || first.signalCode !== null
  const stop = async (): Promise<void> => {
    if (!hasEnded()) first.kill("SIGKILL")
    await first.exited
    await removeCgroups(cgroupName)
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  const deadline = Date.now() + readyTimeoutMs
  while (!existsSync(mark)) {
    if (!hasEnded() && Date.now() < deadline) {
      await Bun.sleep(20)
      continue
    }
    const said = readFileSync(logPath, "utf8").trim()
    await stop()
    throw new Error(`no namespaces for ${name}: ${said}`)
  }
  const inside = readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, "utf8").trim()
  const enter = ["nsenter", "--target", inside, "--mount", "--net", "--pid"]

  const run = async (...command: readonly string[]): Promise<Ran> => {
    // nsenter waits for a child: without its death signal that would outlive the time limit, and hold our pipes.
    const ran = Bun.spawn([...enter, "setpriv", "--pdeathsig", "KILL", ...command], {
      env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: programTimeoutMs,
      killSignal: "SIGKILL",
    })
    const [stdout, stderr, status] = await Promise.all([ran.stdout.text(), ran.stderr.text(), ran.exited])
    return { status, stdout, stderr }
  }
  return {
    directory,
    run,
    stop,
    async mustRun(...command) {
      const ran = await run(...command)
      if (ran.status !== 0)
        throw new Error(
          `${command.join(" ")}: ${ran.status}: ${ran.stderr}${ran.stdout}${hasEnded() ? readFileSync(logPath, "utf8").slice(-2000) : ""}`,
        )
      return ran.stdout
    },
  }
}

/** Control groups outlive every namespace; the kernel lets them go a moment after the last process. */
export async function removeCgroups(name: string): Promise<void> {
  const top = "/sys/fs/cgroup"
  const groups = [top, ...readdirSync(top).map((entry) => join(top, entry))].map((one) => join(one, name))
  for (let attempt = 0; attempt < 40; attempt++) {
    // Every one is tried: `every` would stop at the first that is still busy.
    if (groups.map(removeGroup).every((isGone) => isGone)) return
    await Bun.sleep(50)
  }
}

function removeGroup(group: string): boolean {
  if (statSync(group, { throwIfNoEntry: false })?.isDirectory() !== true) return true
  try {
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroup(join(group, entry.name))
    rmdirSync(group)
    return true
  } catch {
    return false
  }
}
