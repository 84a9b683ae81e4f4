/** What a container asks for, by its environment: one entry a line, in each profile. */

import { ok } from "../../src/core/fault/result.ts"
import { decide } from "../../src/core/plan/decide.ts"
import { parseConfig } from "../../src/core/request/parse-config.ts"
import { type ProfileName, profileNames } from "../../src/core/request/profile.ts"
import { bytesOf, hookTexts } from "../corpus.ts"
import { checkFault } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

function judge(env: readonly string[], profile: ProfileName, isPrivileged: boolean): string | undefined {
  const spec = {
    ociVersion: "1.0.2",
    process: { env, capabilities: { bounding: [isPrivileged ? "CAP_SYS_ADMIN" : "CAP_CHOWN"] } },
    root: { path: "rootfs" },
    mounts: env
      .slice(0, 8)
      .map((entry) => ({ source: "/dev/null", destination: `/var/run/nvidia-container-devices/${entry}` })),
  }
  const config =
    profile === "2020-07"
      ? ""
      : "accept-nvidia-visible-devices-as-volume-mounts = true\naccept-nvidia-visible-devices-envvar-when-unprivileged = false\n"
  const decision = decide({
    readConfig: () => parseConfig(config, profile),
    readState: () => ok('{"pid": 42, "bundle": "/bundle"}'),
    readSpec: () => ok(JSON.stringify(spec)),
    mode: "legacy",
    injector: undefined,
    isTegra: () => false,
  })
  if (decision.kind === "refuse") return checkFault(decision.fault)
  if (decision.kind !== "gpu") return undefined
  const { devices, capabilities } = decision.request
  if (devices.some((device) => typeof device !== "string")) return "a device that is none"
  return new Set(capabilities).size === capabilities.length || profile !== "1.20"
    ? undefined
    : "a capability twice"
}

const environments = (): readonly string[] =>
  hookTexts().flatMap(({ spec }) => {
    try {
      const { process } = JSON.parse(spec) as { process?: { env?: readonly string[] } }
      return process?.env === undefined ? [] : [process.env.join("\n")]
    } catch {
      return []
    }
  })

export const request: FuzzTarget = {
  name: "request",
  weight: 8,
  seeds: () => [...new Set(environments())].map(bytesOf),
  tokens: [
    "NVIDIA_VISIBLE_DEVICES=",
    "NVIDIA_DRIVER_CAPABILITIES=",
    "NVIDIA_REQUIRE_CUDA=",
    "CUDA_VERSION=",
    "NVIDIA_IMEX_CHANNELS=",
    "NVIDIA_MIG_CONFIG_DEVICES=",
    ...["all", "none", "void", ",", "=", "\n", "compute,utility", "11.0", "nvidia.com/gpu=0"],
  ],
  check(input) {
    const env = new TextDecoder().decode(input).split("\n")
    for (const profile of profileNames)
      for (const isPrivileged of [true, false]) {
        const problem = judge(env, profile, isPrivileged)
        if (problem !== undefined) return `${profile}: ${problem}`
      }
    return undefined
  },
}
