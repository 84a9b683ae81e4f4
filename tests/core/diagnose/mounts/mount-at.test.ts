import { expect, test } from "bun:test"
import { mountAt, parseMounts } from "../../../../src/core/diagnose/mounts/mount-at.ts"

const mounts = parseMounts(`22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /run rw,nosuid,nodev,noexec,relatime shared:2 - tmpfs tmpfs rw,size=1g
24 23 0:22 / /run/tools rw,relatime shared:3 - tmpfs tmpfs rw
25 22 0:23 / /opt/two\\040words rw,noexec - tmpfs tmpfs rw
26 22 0:24 / /srv rw,noexec - tmpfs tmpfs rw
27 26 0:25 / /srv rw - tmpfs tmpfs rw
28 22 0:26 / /mnt rw - tmpfs tmpfs rw,noexec-like
29 22 0:27 / /hid rw - tmpfs tmpfs rw
30 29 0:28 / /hid/den rw,noexec - tmpfs tmpfs rw
31 29 0:29 / /hid rw - tmpfs tmpfs rw
32 22 7:0 / /usr ro,nodev - squashfs /dev/loop0 ro,errors=continue
33 22 254:0 /store /store ro,relatime - ext4 /dev/vda rw
`)

test.each<[path: string, place: string | undefined]>([
  ["/usr/bin/hook", undefined],
  ["/run/hook", "/run"],
  ["/run/nvidia/hook", "/run"],
  ["/runner/hook", undefined],
  ["/run/tools/hook", undefined],
  ["/opt/two words/hook", "/opt/two words"],
  ["/srv/hook", undefined],
  ["/mnt/hook", undefined],
])("of %s", (path, place) => {
  const at = mountAt(mounts, path)
  expect(at?.isNoexec === true ? at.place : undefined).toBe(place)
})

test("what was mounted below a place is hidden by what is mounted over it later", () =>
  expect(mountAt(mounts, "/hid/den/hook")).toMatchObject({ id: "31", isNoexec: false }))

test.each([
  ["/usr/lib/libx.so", true],
  ["/store/libx.so", false],
  ["/etc/x", false],
])("a file system is read-only to every mount, one mount is not: %s", (path, isReadOnly) =>
  expect(mountAt(mounts, path)?.isReadOnly).toBe(isReadOnly),
)

test("a process whose root is no mount's knows those below it", () => {
  const some = parseMounts(
    "40 9 0:1 / /run rw,noexec - tmpfs tmpfs rw\n41 40 0:2 / /run/x rw - tmpfs tmpfs rw\n",
  )
  expect(mountAt(some, "/run/y")?.place).toBe("/run")
  expect(mountAt(some, "/run/x/y")?.place).toBe("/run/x")
  expect(mountAt(some, "/usr/y")).toBeUndefined()
})

test.each([
  "",
  "1 1 0:1 / / rw - rootfs none rw",
  "1 2 0:1 / / rw - a b rw\n2 1 0:1 / / rw - a b rw",
  "- - - - /",
])("an end is found in %j", (mountinfo) =>
  expect(mountAt(parseMounts(mountinfo), "/run/hook")?.isNoexec ?? false).toBe(false),
)
