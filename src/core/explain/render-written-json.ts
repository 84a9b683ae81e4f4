/** What is said of written files, for machines. Apart from render-written.ts: it brings the sentences of all faults. */

import { findingJson } from "../fault/render-json.ts"
import { versionReadBy } from "../generate/version-limit.ts"
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
        engines: engines.map((engine) => ({
          name: engine.name,
          version: engine.version ?? null,
          reads: versionReadBy(engine) ?? null,
        })),
        versionLimit: limit?.version ?? null,
        findings: findings.map(findingJson),
      })),
    },
    null,
    2,
  )}\n`
