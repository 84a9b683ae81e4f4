import { describe, expect, test } from "bun:test"
import type { Plan } from "../../src/core/plan/plan.ts"
import { planOn } from "../machine.ts"
import { catalogue, type Link } from "./catalogued.ts"
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
  // A Tegra board has no driver that a plan could start from.
  const answered = hostNames.flatMap((name) => {
    const reference = referenceOf(name)
    return reference?.env === undefined ? [] : [{ name, reference, snapshot: observeRecorded(name) }]
  })

  test("eight machines were asked", () => expect(answered).toHaveLength(8))

  for (const { name, reference, snapshot } of answered) {
    const expected = adoptRules(reference, catalogue(snapshot))
    const every = Object.keys(expected.devices)
    for (const [selector, devices] of [...every.map((one) => [one, [one]] as const), ["all", every] as const])
      test(`${name}, device ${selector}`, () => {
        const env = [`NVIDIA_VISIBLE_DEVICES=${selector}`, "NVIDIA_DRIVER_CAPABILITIES=all"]
        const plan = planOn(() => snapshot, { env, mode: "jit-cdi" })
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
