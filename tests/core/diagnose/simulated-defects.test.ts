/** Machines on disk that got a defect after their specification was made: what verify says of each. */

import { afterAll, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run as simulate } from "../../../src/commands/simulate.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { verifyCdi } from "../../../src/core/diagnose/verify-cdi.ts"
import { faultCode } from "../../../src/core/fault/render.ts"
import { createSimulatedHost } from "../../../src/host/simulated.ts"
import { hookPath, observe, specFor, subjectOn } from "./healthy-machine.ts"

const work = mkdtempSync(join(tmpdir(), "gantry-verify-"))
afterAll(() => rmSync(work, { recursive: true, force: true }))

const shape = ["--gpus", "3", "--no-nvml", "--mig", "2:1/0=3g.20gb"]
const socket = "/run/nvidia-persistenced/socket"

/** With a socket that the machine may have, and the program of its hooks. */
function specText(directory: string): string {
  const spec = specFor(observe(createSimulatedHost(directory)))
  const mount = { hostPath: socket, containerPath: socket, options: ["bind"], type: "" }
  const withSocket = { ...spec.containerEdits, mounts: [...spec.containerEdits.mounts, mount] }
  return renderSpec({ ...spec, containerEdits: withSocket }, "yaml")
}

async function makeMachine(name: string, ...defects: readonly string[]): Promise<string> {
  const directory = join(work, name)
  expect(await simulate(["up", directory, ...shape, ...defects.flatMap((one) => ["--defect", one])])).toBe(0)
  mkdirSync(join(directory, "etc/cdi"), { recursive: true })
  mkdirSync(join(directory, "usr/bin"), { recursive: true })
  writeFileSync(join(directory, hookPath), "a program", { mode: 0o755 })
  return directory
}

const text = specText(await makeMachine("healthy"))

describe("a specification on a machine that got out of order", () => {
  test.each<[defect: string, codes: readonly string[]]>([
    ["dead-persistenced-socket", []],
    ["stale-uvm-major", ["GAN2113", "GAN4100"]],
    ["missing-node:nvidia1", ["GAN4050", "GAN4100"]],
    ["version-mismatch", ["GAN4100", "GAN4104"]],
    ["missing-lib:libnvidia-eglcore", ["GAN4100"]],
    ["truncated-lib:libcuda", ["GAN4100", "GAN4107"]],
    ["mig-cap-missing", ["GAN4050", "GAN4100"]],
    ["excluded-gpu:0", ["GAN4100", "GAN4130", "GAN4131"]],
    ["missing-file:/usr/bin/nvidia-smi", ["GAN4100"]],
    ["cyclic-link:/usr/bin/nvidia-smi", ["GAN4100"]],
  ])("%s", async (defect, codes) => {
    const directory = await makeMachine(defect.replaceAll(/\W/g, "-"), defect)
    writeFileSync(join(directory, "etc/cdi/nvidia.yaml"), text)
    const errors = verifyCdi(subjectOn(createSimulatedHost(directory))).filter(
      ({ severity }) => severity === "error",
    )
    expect([...new Set(errors.map(({ fault }) => faultCode(fault)))].sort()).toEqual([...codes].sort())
  })

  test("without a defect it lacks the socket alone, which nobody made", async () => {
    const directory = await makeMachine("sound")
    writeFileSync(join(directory, "etc/cdi/nvidia.yaml"), text)
    const findings = verifyCdi(subjectOn(createSimulatedHost(directory)))
    expect(findings.map(({ severity, fault }) => [severity, faultCode(fault), fault.data])).toEqual([
      ["error", "GAN4100", expect.objectContaining({ path: socket })],
    ])
  })
})
