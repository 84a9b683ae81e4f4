/**
 * Branded strings, so that a path on the host and a path in the container cannot be swapped by accident.
 * A brand costs nothing at run time.
 */

declare const brand: unique symbol

/** A path as the machine itself would say it (`/dev/nvidia0`), also when the machine is simulated or recorded. */
export type HostPath = string & { readonly [brand]: "HostPath" }

/** A path as the container will see it, relative to nothing but the container's root. */
export type ContainerPath = string & { readonly [brand]: "ContainerPath" }

export const hostPath = (path: string): HostPath => path as HostPath
export const containerPath = (path: string): ContainerPath => path as ContainerPath
