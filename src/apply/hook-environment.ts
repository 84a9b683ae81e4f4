/** The environment of hooks that Gantry writes: one without an environment of its own would get the container's, or the runtime's. */
export const hookEnvironment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] as const
