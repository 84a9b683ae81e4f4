/** What is remembered of devices, read from memory and not from files. */

import { type IndexReader, indexDevices } from "../../../../src/core/cdi/registry/device-index.ts"
import type { Registry } from "../../../../src/core/cdi/registry/registry.ts"

export function readerOf(registry: Registry): IndexReader {
  const { sources, buckets } = indexDevices(registry)
  return {
    bucketCount: buckets.length,
    source: (number) => sources[number],
    bucket: (number) => buckets[number],
  }
}
