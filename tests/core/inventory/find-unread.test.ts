import { expect, test } from "bun:test"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import {
  channelPlaces,
  findUnread,
  tellingPlaces,
  versionPlaces,
} from "../../../src/core/inventory/find-unread.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { selectDevices } from "../../../src/core/inventory/select-devices.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { memoryMachine } from "../../machine.ts"
import { unreadHost } from "../../unread-host.ts"

const seen = (places: RegExp, errno = "EIO") =>
  observeInventory(unreadHost(memoryMachine({ gpus: 2, shape: { imexChannels: 1 } }), places, errno))

test.each([
  ["/proc/driver/nvidia/gpus", tellingPlaces],
  ["/proc/driver/nvidia/gpus/0000:10:00.0/information", tellingPlaces],
  ["/proc/driver/nvidia/capabilities", tellingPlaces],
  ["/proc/driver/nvidia-caps/mig-minors", tellingPlaces],
  ["/proc/devices", tellingPlaces],
  ["/dev/nvidia-caps-imex-channels", channelPlaces],
  ["/dev/nvidia-caps-imex-channels/channel0", channelPlaces],
])("%s is found where it is looked for alone", (path, places) => {
  const inventory = seen(new RegExp(`^${path}$`))
  for (const one of [tellingPlaces, channelPlaces, versionPlaces])
    expect(findUnread(inventory, one)?.data).toEqual(
      one === places ? expect.objectContaining({ path: hostPath(path), errno: "EIO" }) : undefined,
    )
})

test.each(["ENOENT", "EINVAL", "EISDIR", "ELOOP"])("%s says what is there", (errno) => {
  expect(findUnread(seen(/\/information$/, errno), tellingPlaces)).toBeUndefined()
})

test("the version that another file tells is known", () => {
  expect(findUnread(seen(/^\/sys\/module\/nvidia\/version$/), versionPlaces)).toBeUndefined()
  expect(findUnread(seen(/\/nvidia\/version$/), versionPlaces)).toBeDefined()
})

test("where another root has the nodes, the node that could not be looked at is the cause all the same", () => {
  const machine = memoryMachine({
    gpus: 1,
    change(tree) {
      for (const [path, entry] of Object.entries(tree))
        if (path.startsWith("/dev/")) tree[`/driver${path}`] = entry
    },
  })
  const devRoot = hostPath("/driver")
  const host = unreadHost(machine, /^\/driver\/dev\/nvidia0$/, "EIO")
  const { findings } = observeInventory(host, { driverRoot: devRoot, devRoot })
  const missing = findings.find(({ fault: { tag } }) => tag === "DeviceNodeMissing")?.fault
  expect(missing?.cause === undefined ? "" : renderFaultLine(missing.cause)).toContain(
    'cannot read "/driver/dev/nvidia0": lstat: EIO',
  )
})

test("what could not be read is no word of a device that nobody has", () => {
  const result = selectDevices(["7"], seen(/\/gpus$/))
  expect(result.ok ? "" : result.fault.tag).toBe("HostReadFailed")
})
