import { expect, test } from "bun:test"
import { mountedNoexec } from "../../../src/core/diagnose/mounted-noexec.ts"

const mountinfo = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /run rw,nosuid,nodev,noexec,relatime shared:2 - tmpfs tmpfs rw,size=1g
24 23 0:22 / /run/tools rw,relatime shared:3 - tmpfs tmpfs rw
25 22 0:23 / /opt/two\\040words rw,noexec - tmpfs tmpfs rw
26 22 0:24 / /srv rw,noexec - tmpfs tmpfs rw
27 26 0:25 / /srv rw - tmpfs tmpfs rw
28 22 0:26 / /mnt rw - tmpfs tmpfs rw,noexec-like
`

test.each<[path: string, place: string | undefined]>([
  ["/usr/bin/hook", undefined],
  ["/run/hook", "/run"],
  ["/run/nvidia/hook", "/run"],
  ["/runner/hook", undefined],
  ["/run/tools/hook", undefined],
  ["/opt/two words/hook", "/opt/two words"],
  ["/srv/hook", undefined],
  ["/mnt/hook", undefined],
])("of %s", (path, place) => expect(mountedNoexec(mountinfo, path)).toBe(place))

test("a machine that tells of no mount keeps nobody from anything", () =>
  expect(mountedNoexec("", "/run/hook")).toBeUndefined())
