/** Where the configuration says that the driver lies. */

import type { Config } from "../core/request/config.ts"

export const driverPlace = (config: Config): { readonly driverRoot: string; readonly ldcache: string } => ({
  driverRoot: config.value("nvidia-container-cli.root") || "/",
  ldcache: config.value("nvidia-container-cli.ldcache") || "/etc/ld.so.cache",
})
