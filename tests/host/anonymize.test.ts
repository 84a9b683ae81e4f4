import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseElf } from "../../src/core/elf/parse-elf.ts"
import { renderElf } from "../../src/core/elf/render-elf.ts"
import { observeSnapshot } from "../../src/core/plan/snapshot.ts"
import { observeAmd } from "../../src/core/vendor/amd/observe-amd.ts"
import { anonymizeRecording } from "../../src/host/anonymize.ts"
import {
  createRecordingHost,
  parseRecording,
  type Recording,
  renderRecording,
} from "../../src/host/recording.ts"

const root = resolve(import.meta.dir, "../..")
const recorded = readdirSync(join(root, "hosts")).filter((name) =>
  existsSync(join(root, "hosts", name, "machine.json")),
)

function readRecording(name: string): Recording {
  const parsed = parseRecording(readFileSync(join(root, "hosts", name, "machine.json"), "utf8"), name)
  if (!parsed.ok) throw new Error(name)
  return parsed.value
}

const uuids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi

/** Everything that a recording says, contents as text. */
const spelled = ({ answers, ...rest }: Recording): string =>
  JSON.stringify(rest) +
  Object.entries(answers)
    .map(([key, answer]) => {
      const value = "value" in answer ? answer.value : answer
      const text =
        key.startsWith("readFile ") && typeof value === "string"
          ? Buffer.from(value, "base64").toString("latin1")
          : JSON.stringify(value)
      return `${key}\n${text}\n`
    })
    .join("")

/** Each mask by its first place: two snapshots are equal but for their masks when these are equal. */
function numbered(snapshot: object): string {
  const seen = new Map<string, number>()
  return JSON.stringify(snapshot).replace(uuids, (uuid) => {
    const key = uuid.toLowerCase()
    if (!seen.has(key)) seen.set(key, seen.size)
    return `uuid${seen.get(key)}`
  })
}

const look = (recording: Recording, driverRoot = "/"): object => {
  const { name: _, ...snapshot } = observeSnapshot(createRecordingHost(recording, "x"), {
    driverRoot,
    ldcache: "/etc/ld.so.cache",
  })
  return snapshot
}

const encoded = (content: string | Uint8Array) => ({ value: Buffer.from(content).toString("base64") })
const recordingOf = (answers: Recording["answers"]): Recording => ({
  version: 1,
  kind: "gantry-recording",
  of: { kind: "live", name: "live" },
  answers,
})
const content = (recording: Recording, key: string): string => {
  const answer = recording.answers[key]
  return Buffer.from(
    String(answer !== undefined && "value" in answer ? answer.value : ""),
    "base64",
  ).toString("latin1")
}

describe("an anonymized recording", () => {
  test.each(recorded)("%s: no UUID is left, and the machine is the same but for its masks", (name) => {
    const recording = readRecording(name)
    const masked = anonymizeRecording(recording, { salt: "a" })
    const before = new Set(spelled(recording).toLowerCase().match(uuids))
    for (const uuid of spelled(masked).toLowerCase().match(uuids) ?? []) expect(before.has(uuid)).toBe(false)
    const driverRoot = name.includes("driver-container") ? "/run/nvidia/driver" : "/"
    expect(numbered(look(masked, driverRoot))).toBe(numbered(look(recording, driverRoot)))
  })

  test("is a recording, sorted, and can be anonymized again", () => {
    const masked = anonymizeRecording(readRecording("mig"))
    const parsed = parseRecording(renderRecording(masked), "x")
    if (!parsed.ok) throw new Error("not readable")
    expect(Object.keys(parsed.value.answers)).toEqual(Object.keys(parsed.value.answers).sort())
    expect(numbered(look(anonymizeRecording(parsed.value)))).toBe(numbered(look(readRecording("mig"))))
  })

  test("another salt is other masks, the same salt the same; without one every time is another", () => {
    const recording = readRecording("mig")
    const of = (salt?: string): string =>
      spelled(anonymizeRecording(recording, salt === undefined ? {} : { salt }))
    expect(of("a")).toBe(of("a"))
    expect(of("a")).not.toBe(of("b"))
    expect(of()).not.toBe(of())
    const [one, other] = [of("a"), of("b")].map((text) => new Set(text.match(uuids)))
    expect([...(one ?? [])].filter((uuid) => other?.has(uuid))).toEqual([])
  })

  test("a UUID has one mask in contents, in keys, in names, in NVML's report and in either case", () => {
    const uuid = "12345678-9abc-def0-1234-56789abcdef0"
    const masked = anonymizeRecording(
      recordingOf({
        [`readDir /dev/disk/${uuid}`]: { value: [uuid.toUpperCase()] },
        [`readLink /a`]: { value: `../${uuid}` },
        "readFile /b": encoded(`GPU UUID: \t GPU-${uuid}\n`),
        "readFile /c": encoded(`\0\u0001GPU-${uuid.toUpperCase()}\0`),
        "readNvml /": {
          value: {
            version: 1,
            library: "x",
            missingSymbols: [],
            gpus: [
              {
                index: 0,
                uuid: `GPU-${uuid}`,
                migDevices: [{ slot: 0, uuid: `MIG-GPU-${uuid}/1/0`, gpuInstance: 1, computeInstance: 0 }],
              },
            ],
          },
        },
      }),
    )
    const found = spelled(masked).toLowerCase().match(uuids) ?? []
    expect(found).toHaveLength(7)
    expect(new Set(found).size).toBe(1)
    expect(found[0]).not.toBe(uuid)
    expect(spelled(masked)).toContain(`MIG-GPU-${found[0]}/1/0`)
  })

  test("serial numbers lose what they say and keep their length; the next line is left alone", () => {
    const masked = anonymizeRecording(
      recordingOf({
        "readFile /a": encoded(
          "Serial Number: \t 1320220003654\nBoard Serial:\nModel: T4\nSerial: 1320220003654\r\n",
        ),
      }),
    )
    const [first = "", second, third, fourth = ""] = content(masked, "readFile /a").split("\n")
    expect(first).toMatch(/^Serial Number: \t [0-9a-f]{13}$/)
    expect([second, third]).toEqual(["Board Serial:", "Model: T4"])
    expect(fourth.trim().slice("Serial: ".length)).toBe(first.slice(-13))
  })

  test("a serial number goes wherever else it stands, whatever the words before it where it is told", () => {
    const masked = anonymizeRecording(
      recordingOf({
        "readFile /a": encoded("GPU Serial: \t 0320218133333\nSerial: 12\n"),
        "readFile /b": encoded("card 0320218133333, 12 slots\n"),
        "readDir /gpus/0320218133333": { value: ["0320218133333.log"] },
      }),
    )
    expect(JSON.stringify(masked)).not.toContain("0320218133333")
    const [, number] = /: \t ([0-9a-f]{13})\n/.exec(content(masked, "readFile /a")) ?? []
    expect(content(masked, "readFile /b")).toBe(`card ${number}, 12 slots\n`)
  })

  test("a host's name goes, whole and first part, as a word, in any case, from contents, keys and problems", () => {
    const masked = anonymizeRecording(
      recordingOf({
        "readFile /etc/hostname": encoded("node17.example.com\n"),
        "readFile /a": encoded("on node17.example.com, Node17 and node171\n"),
        "readFile /b": encoded("\0node17\0 node17.example.com\0"),
        "readLink /srv/node17/x": { value: "/srv/node17/y" },
        "readNvml /": { unavailable: { library: "x", step: "load", problem: "node17 says no" } },
      }),
    )
    expect(spelled(masked)).not.toMatch(/node17(?!1)/i)
    expect(spelled(masked)).toContain("node171")
    expect(content(masked, "readFile /b")).toHaveLength("\0node17\0 node17.example.com\0".length)
    const [key = ""] = Object.keys(masked.answers).filter((one) => one.startsWith("readLink"))
    const mask = /host-[0-9a-f]{8}/.exec(key)?.[0] ?? "none"
    expect(spelled(masked)).toContain(`/srv/${mask}/y`)
    expect(spelled(masked)).toContain(`${mask} says no`)
  })

  test("names beside the recording count too, with every character that a pattern would take for its own", () => {
    const masked = anonymizeRecording(
      recordingOf({ "readFile /a": encoded("it is gpu.box(1)+, or gpuXbox\n") }),
      {
        hostNames: ["gpu.box(1)+", " \n", ""],
      },
    )
    expect(content(masked, "readFile /a")).toMatch(/^it is host-[0-9a-f]{8}, or gpuXbox\n$/)
  })

  test.each(["nvidia", "gpu", "dev", "proc", "nvidia-caps", "localhost", "x86", "lib64", "monitor", "model"])(
    "a host that is called %s tells nothing by it, and its recording still works",
    (name) => {
      const recording = readRecording("mig")
      const masked = anonymizeRecording(recording, { hostNames: [name, `${name}.localdomain`] })
      expect(numbered(look(masked))).toBe(numbered(look(recording)))
    },
  )

  test("heads of libraries stay heads of libraries", () => {
    const head = renderElf({
      machine: "x86-64",
      soname: "libnode17.so.1",
      needed: ["libc.so.6"],
      symbol: "x",
      answer: 1,
    })
    const masked = anonymizeRecording(recordingOf({ "readFile /x.so 0 8192": encoded(head) }), {
      hostNames: ["c"],
    })
    expect(content(masked, "readFile /x.so 0 8192")).toBe(Buffer.from(head).toString("latin1"))
    const named = anonymizeRecording(recordingOf({ "readFile /x.so 0 8192": encoded(head) }), {
      hostNames: ["libnode17"],
    })
    const elf = parseElf(new Uint8Array(Buffer.from(content(named, "readFile /x.so 0 8192"), "latin1")))
    expect(elf.ok && elf.value.needed).toEqual(["libc.so.6"])
  })

  test("where the machine lay is not told", () => {
    const masked = anonymizeRecording({
      ...recordingOf({}),
      of: { kind: "simulated", name: "/home/alice/machine" },
    })
    expect(masked.of).toEqual({ kind: "simulated", name: expect.stringMatching(/^host-[0-9a-f]{8}$/) })
    expect(anonymizeRecording(recordingOf({})).of).toEqual({ kind: "live", name: "live" })
  })
})

describe("unique ids of AMD's GPUs", () => {
  const ids = /(?<=unique_id (?:0x)?)[0-9a-f]+|(?<=unique_id\n)[0-9a-f]{16}/g

  test("are masked wherever they stand, and a machine still fits together", () => {
    for (const name of ["amd-mi300x", "amd-mi300x-cpx"]) {
      const recording = readRecording(name)
      const masked = anonymizeRecording(recording)
      const told = new Set(spelled(recording).match(ids))
      expect(told.size).toBeGreaterThan(8)
      const left = (spelled(masked).match(ids) ?? []).filter((id) => told.has(id))
      expect(left).toEqual([])
      const [before, after] = [recording, masked].map((one) => observeAmd(createRecordingHost(one, "x")))
      const numberedIds = (inventory: unknown): string => {
        const seen = new Map<string, number>()
        return JSON.stringify(inventory).replaceAll(/0x[0-9a-f]+/g, (id) => {
          if (!seen.has(id)) seen.set(id, seen.size)
          return `id${seen.get(id)}`
        })
      }
      expect(numberedIds(after)).toBe(numberedIds(before))
    }
  })

  test("0 is none, and stays none", () => {
    const answers = {
      "readFile /sys/bus/pci/devices/0000:05:00.0/unique_id": encoded("0000000000000000\n"),
      "readFile /sys/class/kfd/kfd/topology/nodes/1/properties": encoded("unique_id 0\nunique_id 0xab\n"),
    }
    const of = { kind: "live", name: "live" } as const
    const masked = spelled(
      anonymizeRecording({ version: 1, kind: "gantry-recording", of, answers } as Recording),
    )
    expect(masked).toContain("unique_id 0\nunique_id 0x")
    expect(masked).toContain("0000000000000000\n")
    expect(masked).not.toContain("0xab\n")
  })
})
