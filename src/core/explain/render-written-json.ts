/** What is said of written files, for machines. Apart from render-written.ts: it brings the sentences of all faults. */

import { findingJson } from "../fault/render-json.ts"
import type { WrittenFile } from "./render-written.ts"

/** Format: docs/cdi.md. Order: as written. */
export const renderWrittenJson = (files: readonly WrittenFile[]): string =>
  `${JSON.stringify(
    {
      version: 2,
      files: files.map(({ kind, cdiVersion, deviceNames, file, limit, engines, findings }) => ({
        file,
        kind,
        cdiVersion,
        devices: deviceNames,
        engines: engines.map(({ name, version, reads }) => ({
          name,
          version: version ?? null,
          reads: reads ?? null,
        })),
        versionLimit: limit?.version ?? null,
        findings: findings.map(findingJson),
      })),
    },
    null,
    2,
  )}\n`
