/** The kernel module's parameters, `/proc/driver/nvidia/params`, as a container is to see them. */

export const paramsPath = "/proc/driver/nvidia/params"

/** With `ModifyDeviceFiles: 0` the driver's libraries make no nodes and change none: those of a container are the engine's. */
export const withoutNodeModification = (params: string): string =>
  params
    .split("\n")
    .map((line) => (line === "ModifyDeviceFiles: 1" ? "ModifyDeviceFiles: 0" : line))
    .join("\n")
