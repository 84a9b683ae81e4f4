import { describe, expect, test } from "bun:test"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { ok } from "../../../src/core/fault/result.ts"
import { type Decision, decide } from "../../../src/core/plan/decide.ts"
import type { InjectionMode } from "../../../src/core/request/injection-mode.ts"
import { parseConfig } from "../../../src/core/request/parse-config.ts"

interface Given {
  readonly mode: InjectionMode
  readonly devices?: string
  readonly spec?: object
  readonly process?: object
  readonly config?: string
}

function decided({ mode, devices = "0", spec = {}, process = {}, config = "" }: Given): Decision {
  const text = JSON.stringify({
    ociVersion: "1.0.2",
    process: { env: [`NVIDIA_VISIBLE_DEVICES=${devices}`], ...process },
    root: { path: "rootfs" },
    ...spec,
  })
  return decide({
    injector: undefined,
    mode,
    readConfig: () => parseConfig(config, undefined),
    readState: () => ok('{"pid": 1, "bundle": "/b"}'),
    readSpec: () => ok(text),
    isTegra: () => false,
  })
}

/** How it ends. */
function outcome(given: Given): string {
  const decision = decided(given)
  return decision.kind === "refuse" ? renderFaultLine(decision.fault) : decision.kind
}

const wrapperModes = ["jit-cdi", "cdi", "csv"] as const

describe("supported-driver-capabilities that names what there is not", () => {
  const config = 'supported-driver-capabilities = "bogus"\n'

  test.each(wrapperModes)(
    "refuses nobody in mode %s, and is told of as a rule that is not applied",
    (mode) => {
      expect(outcome({ mode, devices: "void", config })).toBe("nothing")
      const decision = decided({ mode, config })
      if (decision.kind !== "gpu") throw new Error(decision.kind)
      expect(decision.request.passedOver.map(({ rule, fault }) => [rule, fault.tag])).toEqual([
        ["driver capabilities", "SupportedCapabilitiesInvalid"],
      ])
    },
  )

  test("under gantry.enforce it refuses who asks for a GPU, and nobody else", () => {
    const enforced = `${config}[gantry]\nenforce = true\n`
    expect(outcome({ mode: "jit-cdi", config: enforced })).toContain("[GAN1212]")
    expect(outcome({ mode: "jit-cdi", devices: "void", config: enforced })).toBe("nothing")
  })

  test("the hook judges it before any container, as the reference's", () => {
    expect(outcome({ mode: "legacy", devices: "void", config })).toContain("[GAN1212]")
  })
})

describe("a specification without its version, which runc takes", () => {
  const spec = { ociVersion: undefined }

  test.each(wrapperModes)("is served in mode %s, and passed on where it asks for nothing", (mode) => {
    expect(outcome({ mode, spec })).toBe("gpu")
    expect(outcome({ mode, devices: "void", spec })).toBe("nothing")
  })

  test("is refused by the hook, as by the reference's", () => {
    expect(outcome({ mode: "legacy", spec })).toContain("Version is empty in OCI spec [GAN1202]")
  })
})

describe("capabilities have the form that they have, whatever the version says", () => {
  const unprivileged = "accept-nvidia-visible-devices-envvar-when-unprivileged = false\n"
  const delegated = `${unprivileged}[gantry]\ninjector = "delegate"\n`
  const list = { capabilities: ["CAP_SYS_ADMIN"] }
  const named = { capabilities: { bounding: ["CAP_SYS_ADMIN"] } }
  const early = { ociVersion: "1.0.0-rc3" }

  test.each([...wrapperModes, "legacy"] as const)("mode %s", (mode) => {
    for (const process of [list, named])
      for (const spec of [{}, early]) {
        expect(outcome({ mode, process, spec, config: unprivileged })).toBe("gpu")
        expect(outcome({ mode, process, spec, devices: "void" })).toBe("nothing")
      }
    expect(outcome({ mode, process: { capabilities: [] }, config: unprivileged })).toBe("nothing")
    expect(outcome({ mode, process: { capabilities: { bounding: 5 } } })).toContain("[GAN1201]")
  })

  test("who delegates goes by the version, as the reference's hook does", () => {
    const ended = (process: object, spec: object): string =>
      outcome({ mode: "legacy", process, spec, config: delegated })
    expect([ended(named, {}), ended(list, early)]).toEqual(["gpu", "gpu"])
    expect(ended(named, early)).toContain("process.capabilities is an object, not a list [GAN1201]")
    expect(ended(list, {})).toContain("[GAN1201]")
  })
})
