/** Where the configuration says that the driver and a board's lists lie. */

import type { SnapshotOptions } from "../../core/plan/snapshot.ts"
import type { Config } from "../../core/request/config.ts"
import { cleanPath } from "../../core/text/path.ts"

export function driverPlace(config: Config): SnapshotOptions {
  const lists = config.value("nvidia-container-runtime.modes.csv.mount-spec-path") ?? ""
  return {
    driverRoot: config.value("nvidia-container-cli.root") || "/",
    ldcache: config.value("nvidia-container-cli.ldcache") || "/etc/ld.so.cache",
    ...(lists === "" ? {} : { platformLists: cleanPath(`/${lists}`) }),
  }
}
