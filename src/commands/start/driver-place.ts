/**
 * Where the configuration says that the driver and a board's lists lie, from the machine's root: from where a start happens to be called,
 * a container would be given what lies in its own bundle.
 */

import type { SnapshotOptions } from "../../core/plan/snapshot.ts"
import type { Config } from "../../core/request/config.ts"
import { cleanPath } from "../../core/text/path.ts"

export function driverPlace(config: Config): SnapshotOptions {
  const root = config.value("nvidia-container-cli.root") ?? ""
  const lists = config.value("nvidia-container-runtime.modes.csv.mount-spec-path") ?? ""
  return {
    driverRoot: cleanPath(`/${root}`),
    ldcache: config.value("nvidia-container-cli.ldcache") || "/etc/ld.so.cache",
    ...(lists === "" ? {} : { platformLists: cleanPath(`/${lists}`) }),
  }
}
