import { expect, test } from "bun:test"
import { driverPlace } from "../../../src/commands/start/driver-place.ts"
import { parseConfig } from "../../../src/core/request/parse-config.ts"

test.each([
  ["", "/"],
  ['root = ""', "/"],
  ['root = "/run/nvidia/driver/"', "/run/nvidia/driver"],
  ['root = "run/nvidia/driver"', "/run/nvidia/driver"],
  ['root = "../opt/./driver"', "/opt/driver"],
])("with %p the driver lies below %s, wherever a start is called from", (line, driverRoot) => {
  const parsed = parseConfig(`[nvidia-container-cli]\n${line}\n`, undefined)
  if (!parsed.ok) throw new Error(parsed.fault.tag)
  expect(driverPlace(parsed.value.config)).toEqual({ driverRoot, ldcache: "/etc/ld.so.cache" })
})
