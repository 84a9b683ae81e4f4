/**
 * IMEX channels: mounts below `imex/` first, then the variable, by the list rules of devices. `all` from the variable is
 * dropped, because an image could otherwise ask for every channel.
 */

import type { DeviceInput } from "./devices.ts"
import { isAccepted, listChoice } from "./devices.ts"
import { environmentEvidence } from "./environment.ts"
import type { ReasonLog } from "./reason.ts"

const variable = "NVIDIA_IMEX_CHANNELS"

export function selectImexChannels(input: DeviceInput, log: ReasonLog): readonly string[] {
  const { config, profile, environment, mountRequests } = input
  if (!profile.hasImex) return []
  if (config.value("features.ignore-imex-channel-requests") === true) {
    if (environment.has(variable))
      log.add(
        "imex.ignored",
        [
          config.evidence("features.ignore-imex-channel-requests", "false"),
          environmentEvidence(environment, variable),
        ],
        "requests for IMEX channels are ignored",
      )
    return []
  }
  const key = "accept-nvidia-visible-devices-as-volume-mounts"
  if (config.value(key) === true) {
    const mounts = mountRequests.filter(({ text }) => text.startsWith("imex/"))
    for (const { text, mount } of mounts)
      log.add(
        "imex.mount",
        [{ from: "mount", ...mount }, config.evidence(key, "false")],
        `the mount asks for ${text}`,
      )
    if (mounts.length > 0) return mounts.map(({ text }) => text.slice("imex/".length))
  }
  if (!environment.has(variable)) return []
  const evidence = [environmentEvidence(environment, variable)]
  const channels = listChoice(environment, [variable], evidence, "imex", log)
  if (channels === undefined || channels.length === 0) return []
  if (channels.length === 1 && channels[0] === "all") {
    log.add("imex.allDropped", evidence, "all channels cannot be asked for by variable: dropped")
    return []
  }
  return isAccepted(input, evidence, "imex", log) ? channels : []
}
