import { describe, expect, test } from "bun:test"
import { buildRegistry, type Registry } from "../../../src/core/cdi/registry/registry.ts"
import { renderExplanation } from "../../../src/core/explain/render-explanation.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { ok } from "../../../src/core/fault/result.ts"
import { unseenLayout } from "../../../src/core/plan/container-layout.ts"
import type { CdiDeviceEdit } from "../../../src/core/plan/edit.ts"
import { hasDevice } from "../../../src/core/plan/has-device.ts"
import type { Plan } from "../../../src/core/plan/plan.ts"
import { planCdiAlone, planCdiContainer } from "../../../src/core/plan/plan-cdi-container.ts"
import {
  namesDecidedBy,
  planCdiDevices,
  planSpecifiedDevices,
} from "../../../src/core/plan/plan-cdi-devices.ts"
import { planNative } from "../../../src/core/plan/plan-native.ts"
import { renderPlanJson } from "../../../src/core/plan/render-plan.ts"
import { observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { askedDevices } from "../../../src/core/request/asked-devices.ts"
import { findHostNode } from "../../../src/host/cdi/find-host-node.ts"
import { type ContainerOptions, judge, type MachineOptions, memoryMachine } from "../../machine.ts"

const registryOf = (files: Readonly<Record<string, string>>): Registry =>
  buildRegistry([
    {
      path: "/etc/cdi",
      files: ok(
        Object.entries(files).map(([name, text]) => ({
          path: `/etc/cdi/${name}`,
          bytes: ok(new Uint8Array(Buffer.from(text))),
        })),
      ),
    },
  ])

const vendor = `cdiVersion: 0.5.0
kind: vendor.com/nic
containerEdits: { env: [ALL=1] }
devices:
  - name: a
    containerEdits: { deviceNodes: [{ path: /dev/nic0, hostPath: /dev/nvidiactl }], env: [NIC=a] }
  - name: b
    containerEdits: { env: [NIC=b] }
  - name: gone
    containerEdits: { deviceNodes: [{ path: /dev/gone }] }
`
const team = `cdiVersion: 0.5.0
kind: nvidia.com/gpu
devices:
  - { name: team-a, containerEdits: { env: [TEAM=a] } }
  - { name: a100, containerEdits: { env: [TEAM=a100] } }
  - { name: "1", containerEdits: { env: [STALE=1] } }
  - { name: "7", containerEdits: { env: [SEVENTH=1] } }
`

/** As commands/start/plan-with-specifications.ts does it. */
function planWith(
  files: Readonly<Record<string, string>>,
  devices: string,
  {
    machine = { gpus: 2 },
    directory,
    ...more
  }: Partial<ContainerOptions> & { readonly machine?: MachineOptions; readonly directory?: string } = {},
): Plan {
  const env = [`NVIDIA_VISIBLE_DEVICES=${devices}`, ...(more.env ?? [])]
  const decision = judge({ mode: "jit-cdi", ...more, env })
  if (decision.kind !== "gpu") throw new Error(decision.kind)
  const host = memoryMachine(machine)
  const asked = askedDevices(decision.request, decision.mode, decision.config)
  const specifications = { registry: registryOf(files), findHostNode: findHostNode(host), directory }
  const names = namesDecidedBy(specifications.registry, asked)
  if (names !== undefined)
    return planCdiAlone(decision, planSpecifiedDevices(names, specifications, decision.log))
  const snapshot = observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
  const isOwn = (selector: string): boolean => hasDevice(snapshot, selector)
  return planCdiContainer(decision, planCdiDevices({ ...specifications, asked, isOwn }, decision.log), {
    injector: "native",
    planMachine: planNative,
    observe: () => ok(snapshot),
    observeLayout: () => unseenLayout,
  })
}
const given = ({ edits }: Plan): readonly CdiDeviceEdit[] =>
  edits.flatMap((edit) => (edit.kind === "cdiDevice" ? [edit] : []))
const outcome = (plan: Plan): readonly string[] =>
  plan.refusal === undefined
    ? [
        ...plan.edits.flatMap((edit) =>
          edit.kind === "deviceNode" && /nvidia\d/.test(edit.path) ? [edit.path] : [],
        ),
        ...given(plan).flatMap(({ name, containerEdits }) => [name, ...containerEdits.env]),
      ]
    : [renderFaultLine(plan.refusal)]

describe("devices of specifications", () => {
  test("with what their file says for all, in front of the first of it", () => {
    expect(outcome(planWith({ "v.yaml": vendor }, "vendor.com/nic=b,vendor.com/nic=a"))).toEqual([
      ...["vendor.com/nic=b", "ALL=1", "NIC=b"],
      ...["vendor.com/nic=a", "NIC=a"],
    ])
  })

  test("a node is completed when it is planned", () => {
    const [{ containerEdits: edits } = { containerEdits: undefined }] = given(
      planWith({ "v.yaml": vendor }, "vendor.com/nic=a"),
    )
    expect(edits?.deviceNodes).toMatchObject([
      { path: "/dev/nic0", hostPath: "/dev/nvidiactl", type: "c", major: 195, minor: 255, fileMode: 0o666 },
    ])
  })

  test("of a machine in a directory, whose specification was written for engines outside it", () => {
    const placed = `cdiVersion: 0.5.0
kind: vendor.com/nic
devices:
  - name: a
    containerEdits:
      deviceNodes: [{ path: /dev/nvidiactl, hostPath: /machine/dev/nvidiactl }]
      mounts: [{ hostPath: /machine/lib/a, containerPath: /a }, { hostPath: /machine-2/a, containerPath: /b }]
`
    const plan = planWith({ "v.yaml": placed }, "vendor.com/nic=a", { directory: "/machine" })
    expect(given(plan)[0]?.containerEdits).toMatchObject({
      deviceNodes: [{ path: "/dev/nvidiactl", hostPath: "", type: "c", major: 195, minor: 255 }],
      mounts: [{ hostPath: "/lib/a" }, { hostPath: "/machine-2/a" }],
    })
  })

  test("all or nothing: what is not there, of the names or of the machine", () => {
    expect(outcome(planWith({ "v.yaml": vendor }, "vendor.com/nic=a,vendor.com/nic=c"))[0]).toMatch(
      /^unresolvable CDI devices vendor\.com\/nic=c: .* \[GAN4043\]/,
    )
    expect(outcome(planWith({ "v.yaml": vendor }, "0,vendor.com/nic=gone"))[0]).toMatch(
      /^failed to inject CDI devices: vendor\.com\/nic=gone of \/etc\/cdi\/v\.yaml: .*"\/dev\/gone" \[GAN4048\]/,
    )
    expect(outcome(planWith({ "v.yaml": vendor, "w.yaml": vendor }, "vendor.com/nic=a"))[0]).toMatch(
      /is defined by \/etc\/cdi\/v\.yaml and \/etc\/cdi\/w\.yaml \[GAN4043\]/,
    )
  })

  test.each<[what: string, devices: string, gets: readonly string[]]>([
    ["a name that only a specification has", "nvidia.com/gpu=team-a", ["nvidia.com/gpu=team-a", "TEAM=a"]],
    ["a GPU of the machine, whatever a specification says of it", "nvidia.com/gpu=1", ["/dev/nvidia1"]],
    ["an index that only a specification has", "nvidia.com/gpu=7", ["nvidia.com/gpu=7", "SEVENTH=1"]],
    [
      "a specification's name, not the word of a model",
      "nvidia.com/gpu=a100",
      ["nvidia.com/gpu=a100", "TEAM=a100"],
    ],
    ["the word of a model, not another name", "nvidia.com/gpu=sxm4", ["/dev/nvidia0", "/dev/nvidia1"]],
    [
      "both kinds",
      "0,vendor.com/nic=b,nvidia.com/gpu=team-a",
      ["/dev/nvidia0", "vendor.com/nic=b", "ALL=1", "NIC=b", "nvidia.com/gpu=team-a", "TEAM=a"],
    ],
  ])("%s", (_, devices, gets) => {
    expect(outcome(planWith({ "t.yaml": team, "v.yaml": vendor }, devices))).toEqual([...gets])
  })

  test("a name that nobody has: who has the kind says so, else the machine does", () => {
    expect(outcome(planWith({ "t.yaml": team }, "nvidia.com/gpu=team-b"))[0]).toMatch(
      /\[GAN4043\]: did you mean nvidia\.com\/gpu=team-a\?/,
    )
    expect(outcome(planWith({ "v.yaml": vendor }, "nvidia.com/gpu=team-b"))[0]).toMatch(/\[GAN2104\]/)
  })

  test("a machine without a driver serves what specifications have, and names what they have not", () => {
    const machine: MachineOptions = {
      gpus: 0,
      change: (tree) => {
        for (const path of Object.keys(tree)) delete tree[path]
      },
    }
    const whole = team.replace('name: "1"', "name: all")
    expect(outcome(planWith({ "t.yaml": whole }, "nvidia.com/gpu=all", { machine }))).toEqual([
      "nvidia.com/gpu=all",
      "STALE=1",
    ])
    expect(outcome(planWith({ "t.yaml": whole }, "nvidia.com/gpu=0", { machine }))[0]).toMatch(/\[GAN4043\]/)
    expect(outcome(planWith({}, "nvidia.com/gpu=0", { machine }))[0]).toMatch(/\[GAN2102\]/)
  })

  test.each(["none", "nvidia.com/gpu=none"])(
    "%s is the machine's driver without a GPU, and a specification's device where there is no driver",
    (devices) => {
      const machine: MachineOptions = {
        gpus: 0,
        change: (tree) => {
          for (const path of Object.keys(tree)) delete tree[path]
        },
      }
      const files = { "t.yaml": team.replace("team-a", "none") }
      const without = { machine, mode: "cdi" } as const
      expect(outcome(planWith(files, devices, without))).toEqual(["nvidia.com/gpu=none", "TEAM=a"])
      expect(outcome(planWith({ "t.yaml": team }, devices, without))[0]).toMatch(/\[GAN4043\]/)
      expect(outcome(planWith({}, devices, without))[0]).toMatch(/\[GAN2102\]/)
      for (const specifications of [files, { "t.yaml": team }, {}]) {
        const plan = planWith(specifications, devices, { mode: "cdi" })
        expect([plan.outcome, outcome(plan)]).toEqual(["inject", []])
        expect(plan.edits.some((edit) => edit.kind === "deviceNode")).toBe(true)
      }
    },
  )

  test("with specifications alone the driver is not given, and what would come with it is told of", () => {
    const env = ["NVIDIA_GDS=enabled", "NVIDIA_IMEX_CHANNELS=0"]
    const plan = planWith({ "v.yaml": vendor }, "vendor.com/nic=b", { env })
    expect(plan.edits.map(({ kind }) => kind)).toEqual(["cdiDevice"])
    expect(plan.omissions.map(({ what }) => what)).toEqual(["gds", "IMEX channel 0"])
  })

  test("bad files are told of, and hide nothing", () => {
    const plan = planWith({ "bad.yaml": "[", "v.yaml": vendor }, "vendor.com/nic=b")
    expect(outcome(plan)).toEqual(["vendor.com/nic=b", "ALL=1", "NIC=b"])
    expect(plan.findings.map(({ severity, fault: { tag } }) => `${severity} ${tag}`)).toEqual([
      "warning CdiTextInvalid",
    ])
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`bad${index}.yaml`, "["]))
    expect(planWith({ ...many, "v.yaml": vendor }, "vendor.com/nic=b").findings).toHaveLength(32)
  })

  test("every edit has its reasons, the file is named, and JSON has the words of the specification", () => {
    const plan = planWith({ "v.yaml": vendor }, "1,vendor.com/nic=a")
    const [edit] = given(plan)
    expect(edit?.reasons).toEqual(["devices.environment", "devices.specification"])
    expect(plan.reasons.find(({ id }) => id === "devices.specification")?.evidence).toEqual([
      { from: "machine", path: "/etc/cdi/v.yaml", value: "a CDI specification of vendor.com/nic=a" },
    ])
    const { edits } = JSON.parse(renderPlanJson(plan)) as { readonly edits: readonly object[] }
    expect(edits.at(-1)).toEqual({
      kind: "cdiDevice",
      name: "vendor.com/nic=a",
      file: "/etc/cdi/v.yaml",
      containerEdits: {
        env: ["ALL=1", "NIC=a"],
        deviceNodes: [
          { path: "/dev/nic0", hostPath: "/dev/nvidiactl", type: "c", major: 195, minor: 255, fileMode: 438 },
        ],
      },
      reasons: ["devices.environment", "devices.specification"],
    })
    // As the decision log gives it back.
    expect(renderPlanJson(JSON.parse(JSON.stringify(plan)) as Plan)).toBe(renderPlanJson(plan))
    const told = renderExplanation(plan, { isVerbose: true })
    expect(told).toContain("This container gets 1 GPU: /dev/nvidia1, and what CDI specifications say of")
    expect(told).toContain(
      "  vendor.com/nic=a, as /etc/cdi/v.yaml says: 2 env, 1 deviceNodes\n    env ALL=1\n",
    )
  })
})
