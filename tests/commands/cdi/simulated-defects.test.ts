/** Machines on disk that got a defect after their specification was made: what verify says of each. */

import { describe, expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { verifyCdi } from "../../../src/core/diagnose/verify-cdi.ts"
import type { Fault } from "../../../src/core/fault/fault.ts"
import { faultCode } from "../../../src/core/fault/render.ts"
import { createSimulatedHost } from "../../../src/host/simulated.ts"
import { hookPath, observe, specFor, subjectOn } from "../../core/diagnose/healthy-machine.ts"
import { makeMachine } from "../../host/simulate/generated.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("verify")

const socket = "/run/nvidia-persistenced/socket"

/** With a socket that the machine may have, and the program of its hooks. */
function specText(directory: string): string {
  const spec = specFor(observe(createSimulatedHost(directory)))
  const mount = { hostPath: socket, containerPath: socket, options: ["bind"], type: "" }
  const withSocket = { ...spec.containerEdits, mounts: [...spec.containerEdits.mounts, mount] }
  return renderSpec({ ...spec, containerEdits: withSocket }, "yaml")
}

function makeVerified(name: string, ...defects: readonly string[]): string {
  const directory = join(work, name)
  makeMachine(directory, { gpus: 3, mig: "2:1/0=3g.20gb", defects })
  mkdirSync(join(directory, "etc/cdi"), { recursive: true })
  mkdirSync(join(directory, "usr/bin"), { recursive: true })
  writeFileSync(join(directory, hookPath), "a program", { mode: 0o755 })
  return directory
}

const text = specText(makeVerified("healthy"))

/** What a fault is of: without it one that every machine has would pass for the one that is looked for. */
function subjectOf({ data }: Fault): string {
  const { path, device, written, errno } = data as Readonly<Record<string, unknown>>
  return [path ?? device ?? written, errno].filter((one) => one !== undefined).join(" ")
}

const noSocket = `GAN4100 ${socket} ENOENT`
const eglcore = "/usr/lib/x86_64-linux-gnu/libnvidia-eglcore.so.550.163.01"

describe("a specification on a machine that got out of order", () => {
  test.each<[defect: string, errors: readonly string[]]>([
    ["dead-persistenced-socket", []],
    ["stale-uvm-major", ["GAN2113 /dev/nvidia-uvm", noSocket]],
    ["missing-node:nvidia1", ["GAN4050 /dev/nvidia1", noSocket]],
    ["version-mismatch", [noSocket, "GAN4104 550.163.01"]],
    ["missing-lib:libnvidia-eglcore", [`GAN4100 ${eglcore} ENOENT`, noSocket]],
    ["truncated-lib:libcuda", [noSocket, "GAN4107 /usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01"]],
    ["mig-cap-missing", ["GAN4050 /dev/nvidia-caps/nvidia-cap4", noSocket]],
    [
      "excluded-gpu:0",
      ["GAN4131 nvidia.com/gpu=0", ...["GAN4142 nvidia.com/gpu=1", "GAN4130 nvidia.com/gpu=2:0"], noSocket],
    ],
    ["missing-file:/usr/bin/nvidia-smi", ["GAN4100 /usr/bin/nvidia-smi ENOENT", noSocket]],
    ["cyclic-link:/usr/bin/nvidia-smi", ["GAN4100 /usr/bin/nvidia-smi ELOOP", noSocket]],
  ])("%s", (defect, expected) => {
    const directory = makeVerified(defect.replaceAll(/\W/g, "-"), defect)
    writeFileSync(join(directory, "etc/cdi/nvidia.yaml"), text)
    const errors = verifyCdi(subjectOn(createSimulatedHost(directory))).filter(
      ({ severity }) => severity === "error",
    )
    expect(errors.map(({ fault }) => `${faultCode(fault)} ${subjectOf(fault)}`).sort()).toEqual(
      [...expected].sort(),
    )
  })

  test("without a defect it lacks the socket alone, which nobody made", () => {
    const directory = makeVerified("sound")
    writeFileSync(join(directory, "etc/cdi/nvidia.yaml"), text)
    const findings = verifyCdi(subjectOn(createSimulatedHost(directory)))
    expect(findings.map(({ severity, fault }) => [severity, faultCode(fault), fault.data])).toEqual([
      ["error", "GAN4100", expect.objectContaining({ path: socket })],
    ])
  })
})
