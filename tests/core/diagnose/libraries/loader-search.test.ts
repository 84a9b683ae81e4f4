import { expect, test } from "bun:test"
import { verifyCdi } from "../../../../src/core/diagnose/verify-cdi.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"
import { type MachineChange, subjectOf } from "../healthy-machine.ts"

const place = "/usr/lib/x86_64-linux-gnu"
const file = `${place}/libcuda.so.550.163.01`

const judge = (...spec: NonNullable<MachineChange["spec"]>): readonly string[] =>
  verifyCdi(subjectOf({ spec }))
    .map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`)
    .filter((line) => line.includes("GAN4106"))
    .map((line) => line.replace(/\/etc\/cdi\/nvidia.yaml:\d+:\d+: /, "").replace(/ \[GAN4106\].*/, ""))

const movedTo = (path: string): readonly [string, string] => [
  `containerPath: ${file}`,
  `containerPath: ${path}`,
]
const linkedAt = (...links: readonly string[]): readonly [string, string] => [
  `- libcuda.so.1::${place}/libcuda.so\n`,
  links.map((link) => `- ${link}\n`).join("            - --link\n            "),
]
const elsewhere = "/opt/driver/libcuda.so.550.163.01"
const unlinked = `warning: programs look for "${elsewhere}" as "libcuda.so.1", and nothing makes that link in the container`
const unsearched = (path: string) =>
  `warning: programs do not find "${path}": nothing tells the container's loader of its directory`

test.each<readonly [what: string, spec: NonNullable<MachineChange["spec"]>, told: readonly string[]]>([
  ["without a link", [movedTo(elsewhere)], [unlinked]],
  [
    "whose link is beside it",
    [movedTo(elsewhere), linkedAt("libcuda.so.550.163.01::/opt/driver/libcuda.so.1")],
    [unsearched(elsewhere)],
  ],
  [
    "whose link leads to nothing",
    [movedTo(elsewhere), linkedAt(`libcuda.so.550.163.01::${place}/libcuda.so.1`)],
    [unlinked],
  ],
  [
    "that a link in the loader's directory leads to",
    [movedTo(elsewhere), linkedAt(`${elsewhere}::${place}/libcuda.so.1`)],
    [],
  ],
  [
    "that links lead to, one by one",
    [
      movedTo(elsewhere),
      linkedAt(
        `../../../opt/driver/libcuda.so::${place}/libcuda.so.1`,
        "libcuda.so.550.163.01::/opt/driver/libcuda.so",
      ),
    ],
    [],
  ],
  [
    "of whose directory loaders are told",
    [
      movedTo(elsewhere),
      [`--folder=${place}/vdpau\n`, `--folder=${place}/vdpau\n            - --folder=/opt/driver\n`],
    ],
    [],
  ],
  ["that lies where loaders look by its own name", [movedTo("/usr/lib64/libcuda.so.1")], []],
  [
    "whose directory a variable names",
    [movedTo("/opt/driver/libcuda.so.1"), ["NVIDIA_VISIBLE_DEVICES=void", "LD_LIBRARY_PATH=/opt/driver"]],
    [],
  ],
])("a library %s", (_, spec, told) => expect(judge(...spec)).toEqual(told))

test("a driver in a directory of its own, of which nothing tells loaders, is one finding", () => {
  const links = ["create-symlinks", "update-ldcache"] as const
  const findings = judge(
    [`containerPath: ${place}/`, `containerPath: ${place}/nvidia/current/`],
    [links[1], "noop"],
    linkedAt(
      "libcuda.so.550.163.01::/usr/lib/x86_64-linux-gnu/nvidia/current/libcuda.so.1",
      "libnvidia-ml.so.550.163.01::/usr/lib/x86_64-linux-gnu/nvidia/current/libnvidia-ml.so.1",
    ),
  )
  expect(findings.filter((line) => line.includes("nothing tells"))).toEqual([
    `${unsearched(`${place}/nvidia/current/libnvidia-ml.so.550.163.01`)}, nor of those of 12 more`,
  ])
})
