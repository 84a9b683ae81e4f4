import { describe, expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import type { Plan } from "../../src/core/plan/plan.ts"
import { expectGolden } from "../golden.ts"
import { planOn } from "../machine.ts"
import { catalogue, type Link } from "./catalogued.ts"
import { describePlan } from "./describe-plan.ts"
import { hostNames, observeRecorded, referenceOf } from "./recorded-host.ts"
import { adoptRules } from "./reference-rules.ts"

const sorted = <T>(list: readonly T[]): readonly T[] =>
  [...new Map(list.map((one) => [String(one), one])).values()].sort((one, other) =>
    String(one) < String(other) ? -1 : 1,
  )

/** What a plan gives, in the form of the reference's answer. */
function givenBy({ edits }: Plan) {
  return {
    nodes: sorted(edits.flatMap((edit) => (edit.kind === "deviceNode" ? [edit.path as string] : []))),
    mounts: sorted(
      edits.flatMap((edit): readonly Link[] =>
        edit.kind === "mount" ? [[edit.hostPath, edit.containerPath]] : [],
      ),
    ),
    links: sorted(
      edits.flatMap((edit): readonly Link[] => (edit.kind === "symlink" ? [[edit.path, edit.target]] : [])),
    ),
    env: sorted(edits.flatMap((edit) => (edit.kind === "env" ? [`${edit.name}=${edit.value}`] : []))),
    groups: sorted(edits.flatMap((edit) => (edit.kind === "gid" ? [edit.gid] : []))),
  }
}

describe("a plan with every capability gives what the reference's specification gives, rules aside", () => {
  const answered = hostNames.flatMap((name) => {
    const reference = referenceOf(name)
    return reference?.env === undefined ? [] : [{ name, reference, snapshot: observeRecorded(name) }]
  })

  test("fourteen machines were asked", () => expect(answered).toHaveLength(14))

  for (const { name, reference, snapshot } of answered) {
    const expected = adoptRules(reference, catalogue(snapshot))
    const every = Object.keys(expected.devices)
    for (const [selector, devices] of [...every.map((one) => [one, [one]] as const), ["all", every] as const])
      test(`${name}, device ${selector}`, () => {
        const env = [`NVIDIA_VISIBLE_DEVICES=${selector}`, "NVIDIA_DRIVER_CAPABILITIES=all"]
        const mode = snapshot.inventory.platform === "tegra" ? "csv" : "jit-cdi"
        const plan = planOn(() => snapshot, { env, mode })
        expect(plan.refusal).toBeUndefined()
        const given = devices.map((one) => expected.devices[one] ?? { nodes: [], links: [] })
        expect(givenBy(plan)).toEqual({
          nodes: sorted([...expected.nodes, ...given.flatMap((one) => one.nodes)]),
          mounts: sorted(expected.mounts),
          links: sorted([...expected.links, ...given.flatMap((one) => one.links)]),
          env: sorted(reference.env ?? []),
          groups: sorted(devices.flatMap((one) => reference.groups?.[one] ?? [])),
        })
      })
  }
})

describe("goldens: each machine, by capabilities and by devices", () => {
  const capabilitySets = ["utility", "compute,utility", "video", "graphics", "compat32,display", "all"]
  const snapshots = hostNames.map((name) => ({ name, snapshot: observeRecorded(name) }))

  for (const { name, snapshot } of snapshots)
    test(name, () => {
      const cut = snapshot.inventory.migDevices[0]
      const one = cut === undefined ? "0" : `${cut.gpuIndex}:${cut.index}`
      const section = (
        title: string,
        env: readonly string[],
        mode: "legacy" | "jit-cdi" | "csv",
        hasFiles: boolean,
      ) =>
        `== ${title}\n${describePlan(
          planOn(() => snapshot, { env, mode, isPrivileged: true, layout: { isDebian: false } }),
          { hasFiles },
        )}`
      const text = [
        ...capabilitySets.map((set) =>
          section(
            `all devices, ${set}`,
            ["NVIDIA_VISIBLE_DEVICES=all", `NVIDIA_DRIVER_CAPABILITIES=${set}`],
            "legacy",
            true,
          ),
        ),
        ...["none", one].flatMap((device) =>
          ["utility", "all"].map((set) =>
            section(
              `device ${device}, ${set}, without the driver's files`,
              [`NVIDIA_VISIBLE_DEVICES=${device}`, `NVIDIA_DRIVER_CAPABILITIES=${set}`],
              "legacy",
              false,
            ),
          ),
        ),
        section(
          "all devices, everything beside GPUs, rights over MIG, without the driver's files",
          [
            "NVIDIA_VISIBLE_DEVICES=all",
            ...["GDS", "MOFED", "GDRCOPY", "NVSWITCH"].map((what) => `NVIDIA_${what}=enabled`),
            "NVIDIA_MIG_CONFIG_DEVICES=all",
            "NVIDIA_MIG_MONITOR_DEVICES=all",
            ...(snapshot.inventory.nodes.imexChannels.length === 0 ? [] : ["NVIDIA_IMEX_CHANNELS=0"]),
          ],
          "legacy",
          false,
        ),
        section(
          `device ${one}, utility, mode jit-cdi`,
          [
            `NVIDIA_VISIBLE_DEVICES=${one}`,
            "NVIDIA_DRIVER_CAPABILITIES=utility",
            "NVIDIA_REQUIRE_CUDA=cuda>=99",
          ],
          "jit-cdi",
          true,
        ),
        ...(snapshot.platform === undefined ? [] : ["all", "none", "1"]).map((device) =>
          section(
            `device ${device}, every list, mode csv`,
            [`NVIDIA_VISIBLE_DEVICES=${device}`, "NVIDIA_REQUIRE_JETPACK=csv-mounts=all"],
            "csv",
            true,
          ),
        ),
      ].join("\n")
      expectGolden(`machines/${name}.txt`, text)
    })

  test("no golden is left of a machine that is gone", () => {
    const files = readdirSync(join(import.meta.dir, "../goldens/machines"))
    expect(files.map((file) => file.replace(/\.txt$/, "")).sort()).toEqual([...hostNames])
  })
})
