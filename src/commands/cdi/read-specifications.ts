/** CDI specifications as they lie in directories. */

import { buildRegistry, type Registry } from "../../core/cdi/registry/registry.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { readCdiDirectories } from "../../host/cdi/read-cdi-directories.ts"

/** What is wrong with files and directories stands in the registry. */
export const readSpecifications = (host: HostFiles, directories: readonly string[]): Registry =>
  buildRegistry(readCdiDirectories(host, directories))
