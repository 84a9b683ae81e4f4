/**
 * Calls that a signal can interrupt on a network's disk, or one that a program serves (FUSE), and that Bun (1.4.5), which makes others again,
 * reports as EINTR: fsync(2), getdents64(2). They may be made again.
 */
export function uninterrupted<T>(action: () => T): T {
  for (;;)
    try {
      return action()
    } catch (error) {
      if ((error as { readonly code?: string }).code !== "EINTR") throw error
    }
}
