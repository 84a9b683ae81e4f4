/**
 * The driver's application profile that shows EGL the GPUs of a container only: without it, EGL counts those of the machine.
 * Source: recorded effects of the reference's hook. Bits are the minors of the nodes, whatever the nodes are called.
 */

export const applicationProfilePath = "/etc/nvidia/nvidia-application-profiles-rc.d/10-container.conf"

/** The mask has 64 bits. */
export const profileMinorLimit = 63

/** undefined: without a GPU there is nothing to say. */
export function renderApplicationProfile(minors: readonly number[]): string | undefined {
  const mask = minors.reduce((bits, minor) => bits | (1n << BigInt(minor)), 0n)
  if (mask === 0n) return undefined
  return `{"profiles":[{"name":"_container_","settings":["EGLVisibleDGPUDevices",0x${mask.toString(16)}]}],"rules":[{"pattern":[],"profile":"_container_"}]}`
}
