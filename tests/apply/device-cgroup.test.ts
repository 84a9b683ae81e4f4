import { describe, expect, test } from "bun:test"
import { findDeviceCgroup, isManagedBySystemd } from "../../src/apply/device-cgroup.ts"

const v1Mount = "30 23 0:26 / /sys/fs/cgroup/devices rw,relatime shared:9 - cgroup cgroup rw,devices"
const v2Mount = "31 23 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"

describe("where a container's device rules live", () => {
  test.each<[name: string, cgroups: string, mountinfo: string, place: unknown]>([
    ["v1", "5:devices:/docker/a\n", v1Mount, { version: 1, directory: "/sys/fs/cgroup/devices/docker/a" }],
    [
      "v1, controllers mounted together",
      "5:devices,freezer:/a\n",
      v1Mount,
      { version: 1, directory: "/sys/fs/cgroup/devices/a" },
    ],
    ["v2", "0::/a.scope\n", v2Mount, { version: 2, directory: "/sys/fs/cgroup/unified/a.scope" }],
    [
      "hybrid: v1 decides",
      "5:devices:/a\n0::/b\n",
      `${v2Mount}\n${v1Mount}`,
      { version: 1, directory: "/sys/fs/cgroup/devices/a" },
    ],
    [
      "v1 known but not mounted: v2 decides",
      "5:devices:/\n0::/b\n",
      v2Mount,
      { version: 2, directory: "/sys/fs/cgroup/unified/b" },
    ],
    [
      "a mount of a part of the hierarchy",
      "5:devices:/pod/a\n",
      v1Mount.replace("0:26 / ", "0:26 /pod "),
      { version: 1, directory: "/sys/fs/cgroup/devices/a" },
    ],
    [
      "a blank in the mount point",
      "0::/a\n",
      v2Mount.replace("/sys/fs/cgroup/unified", "/c\\040g"),
      { version: 2, directory: "/c g/a" },
    ],
    ["a mount whose root lies outside", "0::/a\n", v2Mount.replace("0:27 / ", "0:27 /.. "), undefined],
    ["no cgroup file system", "5:devices:/a\n", "", undefined],
    ["nothing", "", v1Mount, undefined],
  ])("%s", (_, cgroups, mountinfo, place) => {
    const found = findDeviceCgroup(cgroups, mountinfo)
    expect(found && { version: found.version, directory: found.directory }).toEqual(place as never)
  })
})

describe("whether systemd writes a cgroup's device rules anew", () => {
  test.each([
    ["/system.slice/docker-0af3.scope", true],
    ["/kubepods.slice/kubepods-besteffort.slice/cri-containerd-0af3.scope", true],
    ["/machine.slice/libpod-0af3.scope/container", true],
    ["/system.slice/x.service", true],
    ["/docker/0af3", false],
    ["/kubepods/besteffort/pod1/0af3", false],
    // What a container's own engine makes below its scope is not systemd's.
    ["/system.slice/docker-0af3.scope/docker/17", false],
    ["/", false],
  ])("%s: %p", (cgroup, isManaged) => {
    expect(isManagedBySystemd(cgroup)).toBe(isManaged)
  })
})
