/**
 * Namespaces for an engine of our own, for one test file: processes, mounts and network devices are the engine's alone, and so are /run, the
 * semaphores and what podman keeps of blobs. Killing its first process ends containers, shims and mounts with it, whatever went wrong; nothing of this machine's own
 * engines is touched. Only control groups and files outlive it; a sweeper, which outlives us too, removes them by their name.
 */

import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs"
import { basename, join } from "node:path"
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

const isolated = [...namespaces, "sh", "-c", furnish, "sh"]

/** What it needs of the machine, and what entering a cell does. */
export const isolationPrograms = ["busybox", "unshare", "setpriv", "setsid", "nsenter"] as const

export interface Cell {
  /** Everything that the engine writes lies here; removed with the cell. */
  readonly directory: string
  /** The control group below which the engine puts its containers. */
  readonly cgroup: string
  /** The first process inside, by its id outside; another after each boot. */
  readonly pid: number
  /** Runs a program inside. Faults are in the result: a container that fails is what many tests want. */
  run(program: string, ...args: readonly string[]): Promise<Ran>
  /** Runs a program inside and insists on success; its standard output. */
  mustRun(program: string, ...args: readonly string[]): Promise<string>
  /** Kills the first process and so all, as a power cut does. What was written stays. */
  crash(): Promise<void>
  /** Starts anew after a crash. */
  boot(): Promise<void>
  /** Ends it and removes everything. Twice is no error. */
  stop(): Promise<void>
}

interface CellShape {
  readonly name: string
  /** The first process of the cell, when its directory is known; undefined: one that only waits. */
  readonly daemon?: (directory: string) => readonly string[]
  /** Gives the cell a network, by the id of its first process, ahead of every start of the daemon; undefined: it has none. */
  readonly connect?: (pid: number) => void
  /** Whether the daemon answers; undefined: nobody waits for it. */
  readonly isReady?: (directory: string) => Promise<boolean>
  /** Of the daemon and of what is run inside. */
  readonly environment: Readonly<Record<string, string>>
}

const readyTimeoutMs = 60_000
const programTimeoutMs = 60_000
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** It waits for children that are not its own: an engine's monitors end as orphans. */
const idle = ["sh", "-c", "while :; do sleep 1000 & wait; done"]

/** Tells that the namespaces are as they should be: a cell may be entered. Goes on when it may. */
const tell = ["sh", "-c", 'touch "$0" && read -r may && exec "$@" < /dev/null']

/** Sweeps when its input ends, which it does when we do. The kernel lets a control group go a moment after its last process. */
const sweep = `
cat
for attempt in $(seq 600); do
  find /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1" -depth -type d -exec rmdir {} +
  rm -rf "$2"
  ls -d /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1" "$2" | grep -q . || exit 0
  sleep 0.05
done
exit 1`

export async function startCell({ name, daemon, connect, isReady, environment }: CellShape): Promise<Cell> {
  const directory = makeDirectory(name)
  const cgroup = basename(directory)
  const mark = join(directory, "furnished")
  const logPath = join(directory, "log")
  const env = { HOME: directory, PATH: searchPath, ...environment }
  const sweeper = Bun.spawn(["setsid", "sh", "-c", sweep, "sh", cgroup, directory], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  })

  const spawn = (): Bun.Subprocess<"pipe"> => {
    rmSync(mark, { force: true })
    const log = openSync(logPath, "a")
    const spawned = Bun.spawn([...isolated, ...tell, mark, ...(daemon?.(directory) ?? idle)], {
      cwd: directory,
      env,
      stdin: "pipe",
      stdout: log,
      stderr: log,
    })
    closeSync(log)
    return spawned
  }
  let outer = spawn()
  /** The first process inside is the only child of the one that made the namespaces. */
  const observePid = (): number =>
    Number.parseInt(readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, "utf8"), 10)
  const hasEnded = (): boolean => outer.exitCode !== null || outer.signalCode !== null
  const said = (): string => readFileSync(logPath, "utf8").trim().split("\n").slice(-5).join("\n")

  const crash = async (): Promise<void> => {
    // The outer one waits for the inner one, which ends after all others inside.
    if (!hasEnded()) process.kill(observePid() || outer.pid, "SIGKILL")
    await outer.exited
  }
  const stop = async (): Promise<void> => {
    await crash()
    sweeper.stdin.end()
    if ((await sweeper.exited) !== 0) throw new Error(`left behind: control groups ${cgroup} or ${directory}`)
  }
  const waitUntil = async (isSo: () => Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + readyTimeoutMs
    while (!(await isSo())) {
      if (!hasEnded() && Date.now() < deadline) {
        await Bun.sleep(20)
        continue
      }
      const last = said()
      await stop()
      throw new Error(`${name} did not start: ${last}`)
    }
  }
  const waitUntilReady = async (): Promise<void> => {
    await waitUntil(async () => existsSync(mark))
    connect?.(observePid())
    outer.stdin.write("may\n")
    await outer.stdin.end()
    if (isReady !== undefined) await waitUntil(() => isReady(directory))
  }
  await waitUntilReady()

  const run = async (...command: readonly string[]): Promise<Ran> => {
    const enter = ["nsenter", "--target", `${observePid()}`, "--mount", "--net", "--pid"]
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
    cgroup,
    get pid() {
      return observePid()
    },
    run,
    crash,
    stop,
    async boot() {
      outer = spawn()
      await waitUntilReady()
    },
    async mustRun(...command) {
      const ran = await run(...command)
      if (ran.status !== 0)
        throw new Error(
          `${command.join(" ")}: ${ran.status}: ${ran.stderr}${ran.stdout}${hasEnded() ? said() : ""}`,
        )
      return ran.stdout
    },
  }
}
