/**
 * A simulated machine that boots: a real systemd, journald and udevd in namespaces of their own, with the machine's /proc, /sys, /dev and driver
 * files where a real one has them. /etc outlives a power cut, everything else is as new at each boot. Nothing of this machine's /run, /dev, /sys,
 * control groups and kernel settings is touched.
 */

import { copyFileSync, cpSync, existsSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { gantryProgram, missing, mustRun } from "./bundle.ts"
import { findUdev, type Udev } from "./find-udev.ts"
import { type Cell, isolationPrograms, startCell } from "./isolation.ts"

const repository = join(import.meta.dir, "../..")
const systemd = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].find(existsSync)

/** Where the second version of control groups is. undefined: nowhere, or it may not be written. */
function findControlGroups(): string | undefined {
  const probe = `gantry-probe-${process.pid}`
  return ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((place) => {
    if (!existsSync(join(place, "cgroup.procs")) || !existsSync(join(place, "cgroup.controllers")))
      return false
    try {
      mkdirSync(join(place, probe))
      rmdirSync(join(place, probe))
      return true
    } catch {
      return false
    }
  })
}

const programs = ["systemctl", "journalctl", "systemd-analyze", "ldconfig", "pivot_root", "cc"]
const controlGroups = findControlGroups()

function findLacks(): readonly [lacks: string, udev: Udev] {
  const lacks = [
    missing(...programs, ...isolationPrograms),
    ...(systemd === undefined ? ["systemd"] : []),
    ...(controlGroups === undefined ? ["control groups of version 2 that may be written"] : []),
  ].filter((one) => one !== "")
  if (lacks.length > 0) return [lacks.join(", "), { lacks: "" }]
  const udev = findUdev()
  return ["lacks" in udev ? udev.lacks : "", udev]
}

const [lacksToBoot, udev] = findLacks()

/** What this machine lacks for booting another; empty: nothing. */
export { lacksToBoot }

/** What would change this machine, or is of no use in a cell: the clock, consoles, the log of logins. */
const masked = [
  ...["systemd-timesyncd", "systemd-sysctl", "systemd-random-seed", "systemd-remount-fs", "systemd-logind"],
  ...["systemd-firstboot", "systemd-resolved", "systemd-networkd", "systemd-pstore", "systemd-modules-load"],
  ...["systemd-update-utmp", "systemd-update-utmp-runlevel", "e2scrub_reap"],
].map((name) => `${name}.service`)

/** `$1` of the cell, `$2` its simulated machine, `$3` what lies over /usr or nothing, `$4` the directory of gantry, `$5` the repository, `$6` systemd. */
const furnish = `
cd "$1/root"
mount -t tmpfs -o mode=755 root . && cd "$1/root"
mkdir -p usr etc proc sys dev run tmp root home mnt old upper work var/log var/tmp var/lib
for place in /bin /sbin /lib /lib32 /lib64 /libx32; do if [ -L "$place" ]; then cp -P "$place" .; fi; done
ln -s ../run var/run
mount -t overlay -o "lowerdir=$2/usr:\${3:+$3:}/usr,upperdir=upper,workdir=work" usr usr
mkdir -p usr/local/bin usr/lib/modules
for name in gantry gantry-launcher; do touch usr/local/bin/$name; mount --bind "$4/$name" usr/local/bin/$name; done
mount --bind "$1/etc" etc
mount --bind "$5" mnt && mount -o remount,bind,ro mnt
ldconfig -r .
mount -t tmpfs -o mode=755 dev dev
mkdir dev/pts dev/shm
mknod -m 666 dev/null c 1 3 && mknod -m 666 dev/zero c 1 5 && mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8 && mknod -m 666 dev/urandom c 1 9 && mknod -m 666 dev/tty c 5 0
ln -s /proc/self/fd dev/fd && ln -s fd/0 dev/stdin && ln -s fd/1 dev/stdout && ln -s fd/2 dev/stderr
touch dev/console
cp -a "$2/dev/." dev/
mount -t tmpfs -o mode=755 sys sys
mkdir -p sys/fs/cgroup sys/kernel sys/class sys/block sys/dev/char sys/dev/block
cp -a "$2/sys/." sys/
mount -t cgroup2 cgroup sys/fs/cgroup
mount -t proc proc proc
mount --bind "$2/proc/driver" proc/driver
mount --bind "$2/proc/devices" proc/devices
mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys
mount -t tmpfs -o mode=755 run run
hostname machine
pivot_root . old
cd /
umount -l old
exec env -i container=gantry PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin SYSTEMD_LOG_TARGET=journal \\
  "$6" --system --unit=multi-user.target --show-status=no`

/** Its processes are in a control group of their own, which is the root of what they see. */
const enter = `echo 0 > "$0/cgroup.procs" && exec unshare --cgroup --uts --ipc sh -euc '${furnish.replaceAll("'", "'\\''")}' sh "$@"`

export interface Booted extends Pick<Cell, "directory" | "run" | "mustRun" | "stop"> {
  /** As the machine sees it; outlives its boots. */
  readonly etc: string
  /** A power cut, whatever it is doing; ends when it is up again. */
  reboot(): Promise<void>
  /** The kernel announces it. `properties`: `KEY=VALUE`. */
  announce(action: string, devicePath: string, ...properties: readonly string[]): Promise<void>
}

/** Long enough for the busiest machine. Units: milliseconds. */
const patienceMs = 45_000

/** Asks until it is so. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`it never came to that: ${what}`)
    await Bun.sleep(50)
  }
}

/** `machine`: directory of a simulated one. */
export async function boot(machine: string): Promise<Booted> {
  if (systemd === undefined || controlGroups === undefined || "lacks" in udev) throw new Error(lacksToBoot)
  const cell = await startCell({
    name: "systemd",
    environment: { SYSTEMD_PAGER: "", SYSTEMD_COLORS: "0" },
    daemon: (directory) => {
      makeEtc(join(directory, "etc"), machine)
      mkdirSync(join(directory, "root"), { recursive: true })
      const group = join(controlGroups, basename(directory))
      mkdirSync(group, { recursive: true })
      const places = [directory, machine, udev.tree ?? "", dirname(dirname(gantryProgram)), repository]
      return ["sh", "-euc", enter, group, ...places, systemd]
    },
  })
  const uevent = join(cell.directory, "uevent")
  mustRun("cc", ["-O1", "-static", "-o", uevent, join(import.meta.dir, "uevent.c")])
  const waitUntilUp = (): Promise<void> =>
    until("it is up", async () => {
      const { stdout } = await cell.run("systemctl", "is-system-running", "--wait")
      return ["running", "degraded"].includes(stdout.trim())
    })
  await waitUntilUp()
  return {
    directory: cell.directory,
    run: cell.run,
    mustRun: cell.mustRun,
    stop: cell.stop,
    etc: join(cell.directory, "etc"),
    async reboot() {
      await cell.crash()
      await cell.boot()
      await waitUntilUp()
    },
    async announce(action, devicePath, ...properties) {
      mustRun("nsenter", ["--target", `${cell.pid}`, "--net", uevent, action, devicePath, ...properties])
    },
  }
}

/** Once; what is written there later stays. */
function makeEtc(etc: string, machine: string): void {
  if (existsSync(etc)) return
  cpSync(join(machine, "etc"), etc, { recursive: true, verbatimSymlinks: true })
  for (const name of ["passwd", "group", "nsswitch.conf"])
    if (existsSync(join("/etc", name))) copyFileSync(join("/etc", name), join(etc, name))
  if (existsSync("/etc/dbus-1"))
    cpSync("/etc/dbus-1", join(etc, "dbus-1"), { recursive: true, verbatimSymlinks: true })
  const units = join(etc, "systemd/system")
  for (const place of [units, join(etc, "udev/rules.d"), join(etc, "systemd/journald.conf.d")])
    mkdirSync(place, { recursive: true })
  for (const name of [...masked, "getty.target"]) symlinkSync("/dev/null", join(units, name))
  mkdirSync(join(units, "systemd-udevd.service.d"))
  // The simulated /sys is no sysfs.
  writeFileSync(
    join(units, "systemd-udevd.service.d/simulated.conf"),
    "[Service]\nEnvironment=SYSTEMD_DEVICE_VERIFY_SYSFS=0\n",
  )
  writeFileSync(join(etc, "systemd/journald.conf.d/cell.conf"), "[Journal]\nStorage=volatile\nReadKMsg=no\n")
  writeFileSync(join(etc, "machine-id"), `${"0123456789abcdef".repeat(2)}\n`)
  writeFileSync(join(etc, "hostname"), "machine\n")
  writeFileSync(join(etc, "fstab"), "")
}
