/**
 * Where a driver's tree may lie when nobody said: on the host itself, or in the driver container's place. Order: of search. Alone in its
 * file: who recalls a machine does not load what searches one.
 */
export const driverRoots = ["/", "/run/nvidia/driver"] as const
