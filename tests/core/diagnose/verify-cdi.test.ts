import { describe, expect, test } from "bun:test"
import type { CdiSubject } from "../../../src/core/diagnose/cdi-subject.ts"
import { verifyCdi } from "../../../src/core/diagnose/verify-cdi.ts"
import { cdiEditsCatalogue } from "../../../src/core/fault/cdi-edits.ts"
import { cdiMachineCatalogue } from "../../../src/core/fault/cdi-machine.ts"
import type { Finding } from "../../../src/core/fault/finding.ts"
import { faultCode, renderFaultLine } from "../../../src/core/fault/render.ts"
import { fail, type Result } from "../../../src/core/fault/result.ts"
import type { FileStat, Host } from "../../../src/core/host/host.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import type { HostPath } from "../../../src/core/text/brand.ts"
import type { ByteRange } from "../../../src/core/text/byte-range.ts"
import type { MemoryTree } from "../../../src/host/memory.ts"
import { expectGolden } from "../../golden.ts"
import { nvmlReport } from "../../machine.ts"
import rows from "../../vectors/cdi/verify.json"
import { hookPath, type MachineChange, subjectOf, subjectOn } from "./healthy-machine.ts"

const program = { kind: "file", content: "a program", mode: 0o755 } as const

interface Row {
  readonly name: string
  readonly source: string
  readonly given: MachineChange
  /** Severity and code of every finding. Order: none that matters. */
  readonly expect: readonly string[]
}

const vectors = rows as unknown as readonly Row[]

/** What was found of each row: every test asks for the same. */
const verified = new Map<Row, readonly Finding[]>()

function findingsOf(row: Row): readonly Finding[] {
  const known = verified.get(row)
  if (known !== undefined) return known
  const findings = verifyCdi(subjectOf(row.given))
  verified.set(row, findings)
  return findings
}

describe("a specification beside its machine", () => {
  test.each(vectors.map((row) => [row.name, row] as const))("%s", (_, row) => {
    const codes = findingsOf(row).map(({ severity, fault }) => `${severity} ${faultCode(fault)}`)
    expect(codes.sort()).toEqual([...row.expect].sort())
  })

  test("what is said of each, where, and what shows it", () => {
    const told = vectors.map((row) => {
      const lines = findingsOf(row).flatMap(({ severity, fault, evidence }) => [
        `${severity}: ${renderFaultLine(fault)}`,
        ...evidence.map((line) => `  ${line}`),
      ])
      return [`# ${row.name}`, ...lines].join("\n")
    })
    expectGolden("verify/findings.txt", `${told.join("\n")}\n`)
  })

  test("each fault has a row that produces it, and the healthy machine none", () => {
    const seen = new Set(vectors.flatMap((row) => row.expect.map((one) => one.split(" ")[1])))
    const codes = Object.values({ ...cdiMachineCatalogue, ...cdiEditsCatalogue }).map(({ code }) => code)
    // What --fix says is held by tests/commands/cdi/fix-cdi.test.ts, devices that are no GPUs by tests/commands/cdi/cdi-verify-fresh.test.ts.
    expect(codes.filter((code) => !seen.has(code))).toEqual(["GAN4128", "GAN4137"])
    expect(vectors[0]?.expect).toEqual([])
  })

  test("a finding says where it stands, and where else", () => {
    const findings = verifyCdi(
      subjectOf({ spec: [["          env:\n            - NVIDIA_CTK_DEBUG=false\n", ""]] }),
    )
    expect(findings.map(({ fault, evidence }) => [renderFaultLine(fault), evidence])).toEqual([
      [
        '/etc/cdi/nvidia.yaml:30:11: the createContainer hook "/usr/bin/nvidia-cdi-hook" has no env, so that it runs as root with variables that an image chooses (CVE-2025-23266) [GAN4112]: give the hook an env, one variable at least: env: [PATH=/usr/bin:/bin]',
        ["/etc/cdi/nvidia.yaml:37:11: containerEdits.hooks[1]"],
      ],
    ])
  })

  test("of a node that cannot be looked at nothing is said but that", () => {
    const subject = subjectOf({})
    const lstat = (path: HostPath): Result<FileStat> =>
      path === "/dev/nvidia-modeset" ? fail(readFault(path, "lstat", "EIO")) : subject.host.lstat(path)
    const findings = verifyCdi({ ...subject, host: { ...subject.host, lstat } })
    expect(findings.map(({ severity, fault, evidence }) => [severity, fault.tag, evidence])).toEqual([
      ["warning", "HostReadFailed", ["/etc/cdi/nvidia.yaml:28:11: containerEdits.deviceNodes[3]"]],
    ])
  })

  /** The machine with some calls answered so. */
  const withAnswer = (
    call: "lstat" | "readFile" | "readDir",
    place: string,
    errno: string,
    change: MachineChange = {},
  ): CdiSubject => {
    const { host } = subjectOf(change)
    const answer = (path: HostPath): Result<never> | undefined =>
      path === place ? fail(readFault(path, call, errno)) : undefined
    const changed: Host = {
      ...host,
      [call]: (path: HostPath, range?: ByteRange) =>
        answer(path) ?? (host[call] as (path: HostPath, range?: ByteRange) => unknown)(path, range),
      readParts: (path, use) =>
        call === "readFile" && path === place
          ? use(() => fail(readFault(path, "open", errno)))
          : host.readParts(path, use),
    }
    return subjectOn(changed, change)
  }
  const told = (subject: CdiSubject): readonly string[] =>
    verifyCdi(subject).map(
      ({ severity, fault }) => `${severity} ${renderFaultLine(fault).replace(/(?<=\[GAN\d+\]): .*$/, "")}`,
    )
  const cuda = "/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01"

  test.each<[what: string, call: "lstat" | "readFile", path: string]>([
    ["a mounted file", "lstat", cuda],
    ["a library", "readFile", cuda],
    ["a hook's program", "lstat", hookPath],
    ["what runs a hook's program", "lstat", "/bin/sh"],
  ])("what is denied to who looks need not be denied to the engine: %s", (_, call, path) => {
    const said = call === "lstat" ? "lstat" : "open"
    expect(told(withAnswer(call, path, "EACCES", { looker: 1000 }))).toEqual([
      `warning cannot read "${path}": ${said}: EACCES [GAN2001]`,
    ])
  })

  test("what is denied to the engine's own user keeps containers from starting", () => {
    const user = { uid: 1000, gids: [1000] }
    for (const looker of [0, 1000])
      expect(told(withAnswer("lstat", cuda, "EACCES", { looker, user })).join("\n")).toContain(
        `cannot stat "${cuda}": permission denied [GAN4100]`,
      )
  })

  test("of a library that cannot be read is not said that it is none", () =>
    expect(told(withAnswer("readFile", cuda, "EIO"))).toEqual([
      `error cannot read "${cuda}": open: EIO [GAN2001]`,
    ]))

  test.each([
    ["GPUs", "/proc/driver/nvidia/gpus", "EIO"],
    ["GPUs, which are denied", "/proc/driver/nvidia/gpus", "EACCES"],
    ["libraries", "/usr/lib/x86_64-linux-gnu", "EMFILE"],
  ])("what cannot be looked at is not gone: %s", (_, path, errno) => {
    const lines = told(withAnswer("readDir", path, errno))
    expect(lines.filter((line) => line.startsWith("error"))).toEqual([])
    expect(lines).toContain(`warning cannot read "${path}": readDir: ${errno} [GAN2001]`)
  })

  const install =
    "install the program anew, or generate the specification anew with the hooks of this machine"

  test.each<[what: string, there: MemoryTree[string], problem: string, remedy: string]>([
    [
      "of no use to anybody",
      { ...program, mode: 0o644 },
      "mode 644 lets nobody execute it",
      `run chmod a+x ${hookPath} as root (if it is a program)`,
    ],
    ["empty", { ...program, content: "" }, "it is empty", install],
    ["a directory", { kind: "directory" }, "it is a directory", install],
  ])("of a hook's program that is %s it is said what helps", (_, there, problem, remedy) => {
    const findings = verifyCdi(subjectOf({ machine: { [hookPath]: there } }))
    expect(findings.map(({ fault }) => renderFaultLine(fault))).toEqual([
      `/etc/cdi/nvidia.yaml:31:17: error executing hook "${hookPath}": ${problem}: no container with it starts [GAN4111]: ${remedy}`,
    ])
  })

  test("files of another driver are one finding, not sixty", () => {
    const findings = verifyCdi(subjectOf({ spec: [["550.163.01", "535.54.03"]] }))
    expect(findings).toHaveLength(1)
    expect(findings[0]?.fault.data).toMatchObject({ written: "535.54.03", kernel: "550.163.01" })
  })

  const hookOf = (...args: readonly string[]): readonly [string, string] => [
    "    hooks:\n",
    `    hooks:\n        - hookName: createContainer\n          path: ${hookPath}\n          args: [nvidia-cdi-hook, ${args.join(", ")}]\n          env: [A=b]\n`,
  ]

  test.each<[what: string, spec: NonNullable<MachineChange["spec"]>, told: string]>([
    [
      "told of another driver",
      [hookOf("enable-cuda-compat", "--host-driver-version=535.54.03")],
      "error: 32:17: the specification is for driver 535.54.03, and the kernel module is 550.163.01: 1 hook with that --host-driver-version [GAN4104]: generate the specification anew",
    ],
    [
      "told of another driver, as its files are",
      [["550.163.01", "535.54.03"], hookOf("enable-cuda-compat", "--host-driver-version", "535.54.03")],
      "error: 54:21: the specification is for driver 535.54.03, and the kernel module is 550.163.01: 33 files, 33 of them not there, and 1 hook with that --host-driver-version [GAN4104]: generate the specification anew",
    ],
    [
      "passed over",
      [hookOf("foo")],
      'warning: 32:17: the hook "/usr/bin/nvidia-cdi-hook" does nothing: nvidia-cdi-hook passes over "foo", which no release has [GAN4116]: leave it out, if that is meant; else generate the specification anew, or write what it lacks',
    ],
    [
      "without folders",
      [hookOf("update-ldcache")],
      'warning: 32:17: the hook "/usr/bin/nvidia-cdi-hook" does nothing for loaders: it has no --folder to tell them of [GAN4116]: leave it out, if that is meant; else generate the specification anew, or write what it lacks',
    ],
    [
      "with a folder of nothing",
      [hookOf("update-ldcache", "--folder=/opt/lib")],
      'note: 32:17: the hook "/usr/bin/nvidia-cdi-hook" tells loaders of "/opt/lib", where no specification mounts a library [GAN4116]: leave it out, if that is meant; else generate the specification anew, or write what it lacks',
    ],
  ])("what is said of a hook that is %s", (_, spec, told) => {
    const findings = verifyCdi(subjectOf({ spec }))
    expect(findings.map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`)).toEqual([
      told.replace(": ", ": /etc/cdi/nvidia.yaml:"),
    ])
  })
})

describe("MIG devices of which NVML tells", () => {
  const [first, second] = [
    "MIG-a1b2c3d4-0000-5000-8000-00000000000a",
    "MIG-a1b2c3d4-0000-5000-8000-00000000000b",
  ]
  const nobodys = "MIG-00000000-0000-5000-8000-00000000000c"
  const mig = [
    { gpu: 0, gpuInstance: 1, computeInstance: 0, profile: "3g.20gb" },
    { gpu: 0, gpuInstance: 2, computeInstance: 0, profile: "2g.10gb" },
  ]
  const ofSecond =
    "      containerEdits:\n        deviceNodes:\n            - path: /dev/nvidia0\n            - path: /dev/nvidia-caps/nvidia-cap5\n            - path: /dev/nvidia-caps/nvidia-cap6\n"

  const judge = (
    spec: MachineChange["spec"],
    uuids: readonly (string | undefined)[],
    isOtherCut?: boolean,
  ): readonly string[] => {
    const migDevices = uuids.map((uuid, slot) => ({
      slot,
      uuid,
      gpuInstance: slot + 1,
      computeInstance: 0,
      profile: undefined,
    }))
    const nvml = nvmlReport([
      { pciAddress: "0000:10:00.0", isMigEnabled: true, migDevices },
      { pciAddress: "0000:13:00.0", isMigEnabled: isOtherCut },
    ])
    return verifyCdi(subjectOf({ mig, spec: spec ?? [], nvml })).map(
      ({ severity, fault }) => `${severity}: ${renderFaultLine(fault).replace(/^\/etc\S+: /, "")}`,
    )
  }

  test.each<
    [whose: string, name: string, uuids: readonly (string | undefined)[], findings: readonly string[]]
  >([
    ["it gives", second, [first, second], []],
    ["it gives, in capitals", second.toUpperCase(), [first, second], []],
    [
      "it does not give",
      first,
      [first, second],
      [
        `error: nvidia.com/gpu=${first} does not give "/dev/nvidia-caps/nvidia-cap4", which is ${first} now [GAN4131]: the specification is older than the machine: generate it anew`,
      ],
    ],
    [
      "the machine does not have",
      nobodys,
      [first, second],
      [
        `error: nvidia.com/gpu=${nobodys}: this machine has no ${nobodys} [GAN4130]: the specification is older than the machine: generate it anew`,
      ],
    ],
    ["nobody knows, while one has not told its own", nobodys, [first, undefined], []],
  ])("a device has the UUID of one that %s", (_, name, uuids, findings) => {
    const more = `${ofSecond}    - name: ${name}\n${ofSecond}`
    expect(judge([[ofSecond, more]], uuids)).toEqual(findings)
  })

  test.each([
    [second, ` (${second})`],
    [undefined, ""],
  ])("one that is in no file, and whose UUID is %p, is told of with all that is known", (uuid, title) => {
    expect(judge([[`    - name: "0:1"\n${ofSecond}`, ""]], [first, uuid])).toEqual([
      `warning: no CDI device gives MIG device 0:1${title}, which this machine has [GAN4133]: generate the specification anew, unless they are left out on purpose`,
    ])
  })

  const unlisted =
    "warning: no CDI device gives GPU 1 (GPU-c91ce9a7-5f40-15cd-bbd0-0d41b11abe0b), which this machine has [GAN4132]: generate the specification anew, unless they are left out on purpose; of one that it is without again, gantry info says what is wrong"

  test.each([
    [true, []],
    [false, [unlisted]],
    [undefined, [unlisted]],
  ])("a GPU that is in no file, and on which MIG is enabled: %p", (isCut, findings) => {
    const of = (name: string): readonly [string, string] => [
      `    - name: ${name}\n      containerEdits:\n        deviceNodes:\n            - path: /dev/nvidia1\n`,
      "",
    ]
    expect(
      judge([of('"1"'), of("GPU-c91ce9a7-5f40-15cd-bbd0-0d41b11abe0b")], [first, second], isCut),
    ).toEqual(findings)
  })
})
