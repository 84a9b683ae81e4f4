import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { makeDirectory, missing, type Ran, run } from "../e2e/bundle.ts"

const lacks = missing("cc", "unshare", "strace")
const suite = lacks === "" ? describe : describe.skip
const launcher = join(import.meta.dir, "../../dist/gantry-launcher")
/** As src/launcher/faults.h has it. */
const remedy =
  "[GAN3053]: let the engine have CAP_SYS_ADMIN and Linux 5.12 or later, and no filter of system calls or security module refuse it the call"

suite(`the hook that binds the driver's parameters, call by call (missing: ${lacks || "nothing"})`, () => {
  const work = lacks === "" ? makeDirectory("bind-params") : ""
  const root = join(work, "root")
  const trace = join(work, "trace")
  beforeAll(() => mkdirSync(root))
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  /** Says the hook's status, what the container's parameters are then, and how many mounts there are more than before. */
  const script = `mount -t tmpfs none "$1"; mkdir -p "$1/proc/driver/nvidia"; params="$1/proc/driver/nvidia/params"
    printf 'A: 1\\nModifyDeviceFiles: 1\\n' >"$params"; before=$(wc -l </proc/self/mountinfo); shift
    timeout 10 strace -qq "$@" 2>"$0"; echo "$? $(tail -n 1 "$params") $(($(wc -l </proc/self/mountinfo) - before))"; cat "$0" >&2`
  const bind = (...options: readonly string[]): Ran => {
    const hook = [...options, "-o", trace, launcher, "bind-params", root]
    return run("unshare", ["--mount", "sh", "-c", script, join(work, "said"), root, ...hook])
  }
  const calls = (): readonly string[] => readFileSync(trace, "utf8").match(/^\w+(?=\()/gm) ?? []

  test("a file is mounted a second time from where it is mounted: before Linux 6.15 there is no other way", () => {
    expect(bind("-e", "trace=unshare,mount,move_mount,open_tree,setns")).toEqual({
      status: 0,
      stdout: "0 ModifyDeviceFiles: 0 1\n",
      stderr: "",
    })
    expect(calls()).toEqual(["unshare", "mount", "move_mount", "open_tree", "setns", "move_mount"])
  })

  test("whom mounts are shared with sees the one file more, and nothing of how it was made", () => {
    const shared = `mkdir -p "$1/proc/driver/nvidia"; echo 'ModifyDeviceFiles: 1' >"$1/proc/driver/nvidia/params"
      mount --make-rshared /; unshare --mount --propagation unchanged sleep 600 &
      while [ "$(readlink /proc/$!/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ]; do sleep 0.01; done
      count() { wc -l </proc/$!/mountinfo; }; before=$(count); "$0" bind-params "$1"; echo $(($(count) - before)); kill $!`
    const ran = run("unshare", ["--mount", "sh", "-c", shared, launcher, root])
    expect(ran).toEqual({ status: 0, stdout: "1\n", stderr: "" })
  })

  test("an engine may have been started in a directory as its root, which is no mount's root", () => {
    const chrooted = `cp "$0" "$1"; mkdir -p "$1/proc" "$1/box/proc/driver/nvidia"; mount -t proc proc "$1/proc"
      params="$1/box/proc/driver/nvidia/params"; echo 'ModifyDeviceFiles: 1' >"$params"
      chroot "$1" /gantry-launcher bind-params /box; echo "$? $(cat "$params")"`
    const place = join(work, "place")
    mkdirSync(place)
    const ran = run("unshare", ["--mount", "sh", "-c", chrooted, launcher, place])
    expect(ran).toEqual({ status: 0, stdout: "0 ModifyDeviceFiles: 0\n", stderr: "" })
  })

  test.each(["openat2", "fsopen", "mount_setattr"])(
    "a kernel without %s is told of as one that is too old",
    (call) => {
      const said = "gantry: Linux 5.12 or later is needed to mount over: /proc/driver/nvidia/params"
      expect(bind("-e", `inject=${call}:error=ENOSYS`)).toEqual({
        status: 0,
        stdout: "1 ModifyDeviceFiles: 1 0\n",
        stderr: `${said} ${remedy}\n`,
      })
    },
  )

  test.each([
    ["unshare", "ENOSPC", "cannot make a mount namespace, to mount over"],
    ["fsopen", "EPERM", "cannot make a file system, to mount over"],
    ["open_tree", "EACCES", "cannot mount a file a second time, over"],
    ["mount_setattr", "EPERM", "cannot mount a file a second time, over"],
    ["move_mount:when=2", "EIO", "cannot mount over"],
  ])("a refused %s says what it was needed for, and how it was refused: %s", (call, error, said) => {
    const [name, when = ""] = call.split(/(?=:)/)
    const how = error === "EIO" ? "for an unusual reason" : error
    expect(bind("-e", `inject=${name}:error=${error}${when}`)).toEqual({
      status: 0,
      stdout: "1 ModifyDeviceFiles: 1 0\n",
      stderr: `gantry: ${said} /proc/driver/nvidia/params: ${how} ${remedy}\n`,
    })
  })

  test.each(["EPERM", "ENOSYS", "EMFILE", "EINTR"])(
    "whichever call fails with %s, nodes are forbidden, or the start fails in one line",
    (error) => {
      bind()
      const made = calls().filter((name) => name !== "execve" && name !== "exit_group")
      const outcomes = made.map((name, index) => {
        const nth = made.slice(0, index + 1).filter((one) => one === name).length
        const ran = bind("-e", `inject=${name}:error=${error}:when=${nth}`)
        return {
          call: `${name} ${nth}`,
          said: ran.stdout,
          isOneLine: /^gantry: [^\n]+ \[GAN3053\]: [^\n]+\n$/.test(ran.stderr),
        }
      })
      expect(made.length).toBeGreaterThan(12)
      const served = outcomes.filter(({ said }) => said === "0 ModifyDeviceFiles: 0 1\n")
      const refused = outcomes.filter(
        ({ said, isOneLine }) => said === "1 ModifyDeviceFiles: 1 0\n" && isOneLine,
      )
      expect(outcomes.filter((one) => !served.includes(one) && !refused.includes(one))).toEqual([])
      expect(refused.length).toBeGreaterThan(10)
    },
    60_000,
  )
})
