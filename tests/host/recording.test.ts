import { describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { run as simulate } from "../../src/commands/simulate.ts"
import { verifyCdi } from "../../src/core/diagnose/verify-cdi.ts"
import type { Host } from "../../src/core/host/host.ts"
import { flagsOf } from "../../src/core/ldcache/ldcache.ts"
import { parseLdcache } from "../../src/core/ldcache/parse-ldcache.ts"
import { renderLdcache } from "../../src/core/ldcache/render-ldcache.ts"
import { type HostSnapshot, observeSnapshot } from "../../src/core/plan/snapshot.ts"
import type { MemoryTree } from "../../src/host/memory.ts"
import { openHost } from "../../src/host/open-host.ts"
import {
  createRecordingHost,
  parseRecording,
  type Recording,
  recordHost,
  renderRecording,
} from "../../src/host/recording.ts"
import { createSimulatedHost } from "../../src/host/simulated.ts"
import { hookPath, subjectOf, subjectOn } from "../core/diagnose/healthy-machine.ts"
import { memoryMachine } from "../machine.ts"
import { temporaryDirectory } from "../temporary-directory.ts"

const root = resolve(import.meta.dir, "../..")
const recorded = readdirSync(join(root, "hosts")).filter((name) =>
  existsSync(join(root, "hosts", name, "machine.json")),
)
const fileOf = (name: string): string => join(root, "hosts", name, "machine.json")
const work = temporaryDirectory("recording")

const parsed = (text: string): Recording => {
  const result = parseRecording(text, "test")
  if (!result.ok) throw new Error(JSON.stringify(result.fault))
  return result.value
}

const placeOf = (name: string) => ({
  driverRoot: name.includes("driver-container") ? "/run/nvidia/driver" : "/",
  ldcache: "/etc/ld.so.cache",
})

/** The name is the file's, not the machine's. */
const look = (host: Host, name = ""): Omit<HostSnapshot, "name"> => {
  const { name: _, ...snapshot } = observeSnapshot(host, placeOf(name))
  return JSON.parse(JSON.stringify(snapshot)) as Omit<HostSnapshot, "name">
}

/** What is seen of a machine while it is recorded, and of its recording after it was a file. */
function recordAndReplay(host: Host, name = "") {
  const recorder = recordHost(host)
  const seen = look(recorder.host, name)
  const text = renderRecording(recorder.recording())
  return { seen, text, replayed: look(createRecordingHost(parsed(text), "replay"), name) }
}

describe("a recording answers as the machine did", () => {
  test("there are machines to ask", () => {
    expect(recorded.length).toBeGreaterThan(10)
  })

  test.each(recorded)("%s", (name) => {
    const opened = openHost(fileOf(name))
    if (!opened.ok) throw new Error(name)
    const { seen, replayed } = recordAndReplay(opened.value, name)
    expect(replayed).toEqual(seen)
    expect(seen).toEqual(look(opened.value, name))
  })

  test.each<[name: string, args: readonly string[]]>([
    ["generated", ["--gpus", "3", "--model", "h200", "--driver", "580.65.06", "--imex", "4"]],
    ["headless", ["--gpus", "1", "--no-drm", "--model", "t4"]],
    ["cut", ["--gpus", "2", "--mig", "0:1/0=3g.20gb,0:2/0=2g.10gb"]],
    ["driver-container", ["--gpus", "1", "--driver-root", "/run/nvidia/driver"]],
    ["out-of-order", ["--gpus", "2", "--defect", "dead-gpu:0", "--defect", "unreadable:/usr/share"]],
    ["linked-to-itself", ["--gpus", "1", "--defect", "cyclic-link:/usr/lib/x86_64-linux-gnu/libcuda.so.1"]],
  ])("a simulated machine: %s", async (name, args) => {
    const directory = join(work, name)
    expect(await simulate(["up", directory, "--no-nvml", ...args])).toBe(0)
    const { seen, replayed } = recordAndReplay(createSimulatedHost(directory), name)
    expect(replayed).toEqual(seen)
    expect(seen.inventory.gpus.length).toBeGreaterThan(0)
  })

  test("one that was made before all GPUs' capabilities were asked for at once has its MIG devices", async () => {
    const directory = join(work, "older")
    const cut = ["--gpus", "1", "--mig", "0:1/0=3g.20gb,0:2/0=3g.20gb", "--defect", "mig-cap-missing"]
    expect(await simulate(["up", directory, "--no-nvml", ...cut])).toBe(0)
    const recorder = recordHost(createSimulatedHost(directory))
    const { inventory } = look(recorder.host)
    const recording = recorder.recording()
    const answers = { ...recording.answers }
    delete answers["readDir /proc/driver/nvidia/capabilities"]
    const replayed = look(createRecordingHost({ ...recording, answers }, "older"))
    // One of the two has no node, so that only the driver's files tell of it.
    expect(inventory.migDevices).toHaveLength(2)
    expect(replayed.inventory.migDevices).toEqual(inventory.migDevices)
  })

  test("what is written is read back, and is sorted", () => {
    const { text } = recordAndReplay(memoryMachine({ gpus: 2 }))
    expect(renderRecording(parsed(text))).toBe(text)
    const keys = Object.keys(parsed(text).answers)
    expect(keys).toEqual([...keys].sort())
  })
})

describe("a recording can be verified", () => {
  const record = (host: Host) => {
    const recorder = recordHost(host)
    const subject = subjectOn(recorder.host)
    return { seen: verifyCdi(subject), answers: parsed(renderRecording(recorder.recording())) }
  }

  test("what is wrong with its CDI specifications is what was wrong with the machine's", () => {
    const { host } = subjectOf({
      spec: [
        [
          "mounts:\n",
          "mounts:\n        - {hostPath: /run/vendord/socket, containerPath: /run/vendord/socket, options: [rbind]}\n",
        ],
        ["path: /dev/nvidia-uvm\n", "path: /dev/nvidia-uvm\n          major: 509\n"],
      ],
      machine: {
        "/run/vendord/socket": { kind: "socket" },
        "/usr/bin/nvidia-smi": null,
        [hookPath]: { kind: "file", content: "#!/opt/gone\nexport TOKEN=secret\n", mode: 0o755 },
        "/usr/bin/podman": { kind: "file", content: "" },
        "/var/lib/dpkg/status": {
          kind: "file",
          content:
            "Package: podman\nStatus: install ok installed\nMaintainer: somebody\nVersion: 3.4.4\n\nPackage: secret\nVersion: 1\n\n",
        },
        "/proc/net/unix": {
          kind: "file",
          content:
            "Num       RefCount Protocol Flags    Type St Inode Path\n0: 2 0 00010000 0001 01 1 /run/vendord/socket\n0: 2 0 00010000 0001 01 1 /run/stranger\n",
        },
      },
    })
    const { seen, answers } = record(host)
    expect(seen.map(({ fault }) => fault.tag).sort()).toEqual([
      "CdiEngineWithout",
      "CdiHookInterpreterUnusable",
      "CdiNodeNumbersStale",
      "CdiPathMissing",
    ])
    expect(verifyCdi(subjectOn(createRecordingHost(answers, "replay")))).toEqual(seen)
    const content = (path: string): string => {
      const key = Object.keys(answers.answers).find((one) => `${one} `.startsWith(`readFile ${path} `)) ?? ""
      const answer = answers.answers[key]
      return Buffer.from(
        String(answer !== undefined && "value" in answer ? answer.value : ""),
        "base64",
      ).toString()
    }
    expect(content(hookPath)).toBe("#!/opt/gone\n")
    expect(content("/proc/net/unix")).toContain("/run/vendord/socket")
    expect(content("/proc/net/unix")).not.toContain("stranger")
    expect(content("/var/lib/dpkg/status")).toBe(
      "Package: podman\nStatus: install ok installed\nVersion: 3.4.4\n\n",
    )
  })
})

describe("a recording holds what is needed, and no more", () => {
  const recordingOf = (change: (tree: Record<string, MemoryTree[string]>) => void) => {
    const { seen, text, replayed } = recordAndReplay(memoryMachine({ gpus: 1, change }))
    expect(replayed).toEqual(seen)
    const content = (path: string): Uint8Array => {
      const { answers } = parsed(text)
      const key = Object.keys(answers).find((one) => `${one} `.startsWith(`readFile ${path} `)) ?? ""
      const answer = answers[key]
      return new Uint8Array(
        Buffer.from(String(answer !== undefined && "value" in answer ? answer.value : ""), "base64"),
      )
    }
    return { content, text }
  }

  test("of a library the head and its names, whatever its size", () => {
    for (const name of recorded)
      for (const [key, answer] of Object.entries(parsed(readFileSync(fileOf(name), "utf8")).answers))
        if (/^readFile .*\.so\.[\d.]+ /.test(key) && "value" in answer)
          expect(String(answer.value).length).toBeLessThan(24 * 1024)
  })

  test("of the machine's sockets those of the driver's services", () => {
    const { content } = recordingOf((tree) => {
      tree["/run/nvidia-persistenced/socket"] = { kind: "socket" }
      tree["/proc/net/unix"] = {
        kind: "file",
        content: [
          "Num       RefCount Protocol Flags    Type St Inode Path",
          "0000: 00000002 00000000 00010000 0001 01 1 /run/user/1000/alice/bus",
          "0000: 00000002 00000000 00010000 0001 01 2 /run/nvidia-persistenced/socket",
          "0000: 00000002 00000000 00010000 0001 01 3 @/containerd-shim/secret",
          "",
        ].join("\n"),
      }
    })
    const text = new TextDecoder().decode(content("/proc/net/unix"))
    expect(text).toContain("/run/nvidia-persistenced/socket")
    expect(text).not.toMatch(/alice|secret/)
  })

  test("of the loader's cache the driver's libraries", () => {
    const entry = (soname: string) => ({
      soname,
      path: `/usr/lib/x86_64-linux-gnu/${soname}`,
      flags: flagsOf["x86-64"],
      osVersion: 0,
      hwcap: 0n,
    })
    const strangers = Array.from({ length: 3000 }, (_, index) => entry(`libstranger${index}.so.1`))
    const { content, text } = recordingOf((tree) => {
      tree["/etc/ld.so.cache"] = {
        kind: "file",
        content: renderLdcache({
          entries: [...strangers, entry("libcuda.so.1"), entry("libnvidia-ml.so.1")],
          hwcapNames: [],
          extensions: [],
        }),
      }
    })
    const cache = parseLdcache(content("/etc/ld.so.cache"))
    expect(cache.ok && cache.value.entries.map(({ soname }) => soname)).toEqual([
      "libnvidia-ml.so.1",
      "libcuda.so.1",
    ])
    expect(text).not.toContain("stranger")
  })

  test("a cache that is none stays none, with the driver's names that stand in it", () => {
    const { content } = recordingOf((tree) => {
      const names = [
        "/usr/lib/liba.so.1",
        "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
        "/opt/libnvidia-ml.so.1",
        "/opt/libb.so",
      ]
      tree["/etc/ld.so.cache"] = { kind: "file", content: `${"x".repeat(5000)}\0${names.join("\0")}\0` }
    })
    const bytes = content("/etc/ld.so.cache")
    expect(parseLdcache(bytes).ok).toBe(false)
    expect(bytes.length).toBeLessThan(200)
    expect(Buffer.from(bytes).toString("latin1")).toContain(
      "\0/usr/lib/x86_64-linux-gnu/libcuda.so.1\0/opt/libnvidia-ml.so.1\0",
    )
  })
})

describe("a recording is a stranger's", () => {
  const recording = (answers: unknown): string =>
    JSON.stringify({ version: 1, kind: "gantry-recording", of: { kind: "live", name: "live" }, answers })

  test.each([{}, null, { kind: "live" }, { kind: "moon", name: "x" }])("refused: recorded of %j", (of) => {
    const text = JSON.stringify({ version: 1, kind: "gantry-recording", of, answers: {} })
    expect(parseRecording(text, "x").ok).toBe(false)
  })

  const stat = { kind: "file", mode: 420, uid: 0, gid: 0, sizeBytes: 1, major: 0, minor: 0 }

  test.each<[reason: string, answers: unknown]>([
    ["a name that climbs", { "readDir /dev": { value: [".."] } }],
    ["a name that leads on", { "readDir /dev": { value: ["../etc/shadow"] } }],
    ["a name that is nothing", { "readDir /dev": { value: [""] } }],
    ["a name with a NUL", { "readDir /dev": { value: ["a\0b"] } }],
    ["a name longer than any", { "readDir /dev": { value: ["a".repeat(256)] } }],
    ["a link longer than any", { "readLink /a": { value: "a/".repeat(3000) } }],
    ["a link with a NUL", { "readLink /a": { value: "a\0b" } }],
    ["a kind of entry that is none", { "lstat /a": { value: { ...stat, kind: "door" } } }],
    ["a kind that every object has", { "lstat /a": { value: { ...stat, kind: "constructor" } } }],
    ["a number below nothing", { "lstat /a": { value: { ...stat, major: -1 } } }],
    ["a number beyond all numbers", { "lstat /a": { value: { ...stat, minor: 1e300 } } }],
    ["a number that is none", { "lstat /a": { value: { ...stat, mode: "0644" } } }],
    ["a failure without a name", { "readFile /a": { errno: 2, syscall: "open" } }],
    [
      "NVML's silence in another's place",
      { "readDir /a": { unavailable: { library: "", step: "", problem: "" } } },
    ],
    ["a report that is none", { "readNvml /": { value: { version: 2 } } }],
    ["an answer that is none", { "readFile /a": 5 }],
    ["a question that is none", { frobnicate: { value: 1 } }],
    ["a question that every object has", { "__proto__ /a": { value: 1 } }],
  ])("refused: %s", (_, answers) => {
    const result = parseRecording(recording(answers), "x")
    expect(result.ok ? "accepted" : result.fault.tag).toBe("RecordingInvalid")
  })

  test("a part that was not asked for then is cut from a larger one that was", () => {
    const host = createRecordingHost(
      parsed(recording({ "readFile /a 0 8": { value: Buffer.from("01234567").toString("base64") } })),
      "x",
    )
    const read = host.readFile("/a" as never, { offsetBytes: 2, lengthBytes: 3 })
    expect(read.ok && new TextDecoder().decode(read.value)).toBe("234")
    expect(host.readFile("/a" as never, { offsetBytes: 6, lengthBytes: 8 }).ok).toBe(false)
    expect(host.readFile("/a" as never).ok).toBe(false)
  })
})

describe("every command that looks at a machine takes a recording for one", () => {
  const bundle = join(work, "bundle")
  mkdirSync(bundle)
  writeFileSync(
    join(bundle, "config.json"),
    JSON.stringify({
      ociVersion: "1.0.2",
      process: { env: ["NVIDIA_VISIBLE_DEVICES=all"], capabilities: {} },
      root: { path: "rootfs" },
    }),
  )
  const recordingFile = fileOf("a100")

  test.each<[command: string, args: readonly string[], argv0: string]>([
    ["gantry info", ["info", "--host", recordingFile], "gantry"],
    ["gantry driver files", ["driver", "files", "--host", recordingFile], "gantry"],
    ["gantry driver diff", ["driver", "diff", recordingFile, recordingFile], "gantry"],
    ["gantry explain", ["explain", "--bundle", bundle, "--host", recordingFile], "gantry"],
    ["gantry host record", ["host", "record", "--host", recordingFile, "-o", "-"], "gantry"],
    ["nvidia-container-cli info", [`--host=${recordingFile}`, "info"], "nvidia-container-cli"],
    ["nvidia-container-cli list", [`--host=${recordingFile}`, "list"], "nvidia-container-cli"],
  ])("%s", (_, args, argv0) => {
    const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...args], { argv0, cwd: work })
    expect({ exit: ran.exitCode, stderr: ran.stderr.toString() }).toEqual({ exit: 0, stderr: "" })
    expect(ran.stdout.length).toBeGreaterThan(20)
  })

  test("recording a recording gives what was recorded, by the command too", () => {
    const ran = Bun.spawnSync(
      [
        process.execPath,
        join(root, "src/main.ts"),
        "host",
        "record",
        "--host",
        recordingFile,
        "--name",
        "a100",
        "-o",
        "-",
      ],
      { cwd: work },
    )
    const again = parsed(ran.stdout.toString())
    const before = parsed(readFileSync(recordingFile, "utf8"))
    expect(look(createRecordingHost(again, "x"))).toEqual(look(createRecordingHost(before, "x")))
    expect(again.of.name).toBe("a100")
  })
})
