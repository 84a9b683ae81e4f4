/** What is said of NVIDIA's GPUs alone, by flags that make a specification. Order: as their help has them. */
export const saidOfNvidia: readonly string[] = [
  ...["mode", "kind", "device", "name", "without-all", "hooks", "hook-path", "disable-hook", "numbers"],
  ...["compat32", "edits", "driver-root", "dev-root", "ldcache", "library-search-path"],
]
