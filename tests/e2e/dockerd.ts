/**
 * A dockerd of its own in a directory of its own: no bridge, no firewall rules, a network namespace that holds nothing. Its PATH
 * begins with our names, so that `--gpus` finds the hook.
 */

import { spawn } from "node:child_process"
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { makeDirectory, mustRun, type Ran, run } from "./bundle.ts"

export interface Docker {
  readonly directory: string
  /** The client, spoken to this daemon. */
  docker(...args: readonly string[]): Ran
  stop(): Promise<void>
}

/** The distribution's client speaks the daemon's language; a newer one elsewhere on the PATH may not. */
const client = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker"

export async function startDocker(
  names: string,
  environment: Readonly<Record<string, string>>,
): Promise<Docker> {
  const directory = makeDirectory("docker")
  const socket = join(directory, "docker.sock")
  const log = join(directory, "log")
  const pidFile = join(directory, "pid")
  mkdirSync(join(directory, "data"))
  writeFileSync(join(directory, "daemon.json"), "{}")
  const args = [
    "--net",
    "dockerd",
    ...["--config-file", join(directory, "daemon.json"), "--data-root", join(directory, "data")],
    ...["--exec-root", join(directory, "exec"), "--host", `unix://${socket}`, "--pidfile", pidFile],
    ...["--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"],
  ]
  const output = openSync(log, "w")
  const path = `${names}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`
  const daemon = spawn("unshare", args, {
    stdio: ["ignore", output, output],
    env: { PATH: path, HOME: directory, ...environment },
    detached: true,
  })
  const ended = new Promise<void>((resolve) => daemon.on("close", () => resolve()))
  const docker = (...words: readonly string[]): Ran =>
    run(client, ["--host", `unix://${socket}`, ...words], { env: { HOME: directory } })

  const stop = async (): Promise<void> => {
    const containers = docker("ps", "-aq")
      .stdout.trim()
      .split("\n")
      .filter((id) => id !== "")
    if (containers.length > 0) docker("rm", "--force", ...containers)
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : daemon.pid
    if (pid !== undefined) process.kill(pid, "SIGTERM")
    await ended
    for (const line of readFileSync("/proc/mounts", "utf8").split("\n").reverse()) {
      const place = line.split(" ")[1] ?? ""
      if (place.startsWith(directory)) run("umount", ["--lazy", place])
    }
    rmSync(directory, { recursive: true, force: true })
  }

  for (let attempt = 0; attempt < 120; attempt++) {
    if (docker("version").status === 0) return { directory, docker, stop }
    if (daemon.exitCode !== null) break
    await Bun.sleep(250)
  }
  const said = readFileSync(log, "utf8").split("\n").slice(-8).join("\n")
  if (daemon.exitCode === null) await stop()
  throw new Error(`dockerd did not come up: ${said}`)
}

/** An image from a directory. */
export function importImage({ docker, directory }: Docker, root: string, name: string): void {
  const archive = join(directory, `${name}.tar`)
  mustRun("tar", ["-C", root, "-cf", archive, "."])
  const imported = docker("import", archive, `${name}:1`)
  if (imported.status !== 0) throw new Error(imported.stderr)
}
