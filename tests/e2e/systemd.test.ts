/**
 * The units and udev rules of data/, installed as docs/cdi.md says, under a real systemd and a real udevd on a simulated machine. Events come
 * from the kernel in the shape of its own; the modules and GPUs that they tell of are the machine's files.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { type Booted, boot, lacksToBoot, until } from "./booted.ts"
import { gantryProgram, makeDirectory, mustRun } from "./bundle.ts"

const title = lacksToBoot === "" ? "systemd" : `systemd (optional; missing: ${lacksToBoot})`

describe.skipIf(lacksToBoot !== "")(`the units and rules under ${title}`, () => {
  let directory: string
  let machine: string
  let booted: Booted

  const intelGpus: string[] = []
  const nvidia = "/devices/pci0000:00/0000:10:00.0"
  const gone = "/devices/pci0000:00/0000:77:00.0"
  const gpuOnBus = ["SUBSYSTEM=pci", "DRIVER=nvidia", "PCI_CLASS=30200", "PCI_ID=10DE:20B0"]
  const module = "SUBSYSTEM=module"
  const drm = (name: string): readonly string[] => [
    "SUBSYSTEM=drm",
    "DEVTYPE=drm_minor",
    `DEVNAME=dri/${name}`,
    "MAJOR=226",
    "MINOR=200",
  ]
  const [made, intel] = ["/run/cdi/nvidia.yaml", "/run/cdi/intel.com-gpu.yaml"]
  const vendor = "gantry-cdi-vendor@intel.service"
  const kept = "gantry-cdi-watch@intel.service"

  const show = async (unit: string, property: string): Promise<string> =>
    (await booted.mustRun("systemctl", "show", "--value", `--property=${property}`, unit)).trim()
  const journal = async (unit: string): Promise<readonly string[]> =>
    (
      await booted.mustRun(
        "journalctl",
        "--boot",
        "--output=cat",
        `UNIT=${unit}`,
        "+",
        `_SYSTEMD_UNIT=${unit}`,
      )
    ).split("\n")
  /** How often it was started in this boot. */
  const starts = async (unit: string): Promise<number> =>
    (await journal(unit)).filter((line) => /^Start(?:ing|ed) /.test(line)).length
  const isThere = async (path: string): Promise<boolean> =>
    (await booted.run("test", "-e", path)).status === 0
  const text = (path: string): Promise<string> => booted.mustRun("cat", path)
  const units = ["gantry-cdi.service", "gantry-cdi-gone.service", vendor]
  /** What events have started is done, and stands in the journal. */
  async function settle(): Promise<void> {
    await booted.mustRun("udevadm", "settle")
    await until("the units are at rest", async () => {
      const states = await booted.mustRun("systemctl", "show", "--property=ActiveState,Job", ...units)
      return !/=(?:activating|deactivating)$|^Job=[1-9]/m.test(states)
    })
    await booted.mustRun("journalctl", "--sync")
  }
  /** Does it, and waits until the unit has been started for it and all are at rest again, as they were. */
  async function whichStarts(unit: string, act: () => Promise<unknown>): Promise<void> {
    const before = await starts(unit)
    await act()
    await until(`${unit} is started`, async () => (await starts(unit)) > before)
    await settle()
  }
  /** Of ours: what else this machine has in /usr may fail in such surroundings. */
  const failed = (): Promise<string> =>
    booted.mustRun("systemctl", "list-units", "--failed", "--plain", "--no-legend", "gantry-*")

  beforeAll(async () => {
    directory = makeDirectory("units")
    machine = join(directory, "machine")
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "2", "--intel", "flex170", "--no-nvml"])
    const drivers = join(machine, "sys/bus/pci/drivers")
    mkdirSync(join(drivers, "nvidia"), { recursive: true })
    for (const address of readdirSync(join(machine, "sys/bus/pci/devices"))) {
      const place = realpathSync(join(machine, "sys/bus/pci/devices", address))
      if (readFileSync(join(place, "vendor"), "utf8").startsWith("0x8086")) intelGpus.push(address)
      // As udev knows a device from a directory.
      writeFileSync(join(place, "uevent"), "")
      if (readFileSync(join(place, "vendor"), "utf8").startsWith("0x10de"))
        symlinkSync("../../../bus/pci/drivers/nvidia", join(place, "driver"))
    }
    booted = await boot(machine)
  }, 120_000)
  afterAll(async () => {
    await booted?.stop()
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
  })

  test("are installed as docs/cdi.md says, load without a word, and write what the machine has", async () => {
    const document = readFileSync(join(import.meta.dir, "../../docs/cdi.md"), "utf8")
    const [, steps = ""] = /```text\n(cp data\/systemd\/[^`]*)```/.exec(document) ?? []
    expect(steps).toContain("gantry-cdi-vendor@amd gantry-cdi-watch@amd")
    await booted.mustRun("sh", "-ec", `cd /mnt\n${steps.replaceAll("@amd", "@intel")}`)
    const files = readdirSync(join(booted.etc, "systemd/system"))
      .filter((name) => name.startsWith("gantry-") && !name.includes("@"))
      .map((name) => `/etc/systemd/system/${name}`)
    expect(files).toHaveLength(4)
    const instances = [vendor, kept].map((name) => `/etc/systemd/system/${name}`)
    const verified = await booted.run("systemd-analyze", "verify", ...files, ...instances)
    expect(
      `${verified.stdout}${verified.stderr}`.split("\n").filter((line) => line.includes("gantry")),
    ).toEqual([])
    expect(await failed()).toBe("")
    expect(await text(made)).toContain("nvidia.com/gpu")
    expect(await text(intel)).toContain("intel.com/gpu")
    for (const unit of ["gantry-cdi-watch.service", kept])
      expect([unit, await show(unit, "SubState")]).toEqual([unit, "running"])
  })

  test("at boot, write the files ahead of the engines, in no circle and with no unit that waits for ever", async () => {
    const engines = ["docker.service", "containerd.service"]
    for (const engine of engines)
      writeFileSync(
        join(booted.etc, "systemd/system", engine),
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=-/bin/ls /run/cdi\n[Install]\nWantedBy=multi-user.target\n",
      )
    // As NVIDIA's is: up when it has told so.
    writeFileSync(
      join(booted.etc, "systemd/system/nvidia-persistenced.service"),
      "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n",
    )
    await booted.mustRun("systemctl", "enable", ...engines, "nvidia-persistenced.service")
    await booted.reboot()
    expect(await failed()).toBe("")
    for (const engine of engines) {
      const said = await journal(engine)
      expect(said).toContain("nvidia.yaml")
      expect(said).toContain("intel.com-gpu.yaml")
    }
    expect(await booted.mustRun("journalctl", "--boot", "--output=cat")).not.toMatch(
      /ordering cycle|Unknown key|Unknown section|70-gantry/,
    )
    const before = (await show("docker.service", "After"))
      .split(" ")
      .filter((name) => name.startsWith("gantry-"))
    expect(before.sort()).toEqual(["gantry-cdi.service", vendor].sort())
    for (const unit of units)
      expect([unit, await show(unit, "TimeoutStartUSec")]).not.toEqual([unit, "infinity"])
    await settle()
  })

  test("at boot, engines wait for another vendor's GPU whose node comes late", async () => {
    const drmOf = join(machine, "sys/bus/pci/devices", intelGpus[0] ?? "", "drm")
    const node = readdirSync(drmOf).find((name) => name.startsWith("renderD")) ?? ""
    const place = join(machine, "dev/dri", node)
    // When the look has found it missing; one that has ended by then has not waited.
    const late = [
      `until [ "$(systemctl is-active ${vendor})" = active ]`,
      `do journalctl --boot --unit=${vendor} | grep -q GAN4070 && break; sleep 0.1; done`,
      `mknod /dev/dri/${node} c 226 ${node.slice("renderD".length)}`,
    ]
    writeFileSync(join(booted.etc, "late.sh"), late.join("\n"))
    const unit = join(booted.etc, "systemd/system/late.service")
    writeFileSync(
      unit,
      "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh /etc/late.sh\n[Install]\nWantedBy=multi-user.target\n",
    )
    await booted.mustRun("systemctl", "enable", "late.service")
    renameSync(place, join(directory, node))
    try {
      await booted.reboot()
    } finally {
      renameSync(join(directory, node), place)
    }
    expect(await journal(vendor)).toContainEqual(expect.stringContaining(`lacks /dev/dri/${node} [GAN4070]`))
    expect(await journal("docker.service")).toContain("intel.com-gpu.yaml")
    expect(await failed()).toBe("")
    await booted.mustRun("systemctl", "disable", "late.service")
    rmSync(unit)
    await settle()
  })

  test.each([
    ["the driver's module comes", "gantry-cdi.service", ["add", "/module/nvidia", module]],
    ["the module of its memory comes", "gantry-cdi.service", ["add", "/module/nvidia_uvm", module]],
    ["a GPU is bound", "gantry-cdi.service", ["bind", nvidia, ...gpuOnBus]],
    [
      "a GPU gets a render node",
      "gantry-cdi.service",
      ["add", `${nvidia}/drm/renderD200`, ...drm("renderD200")],
    ],
    ["a GPU gets a card", "gantry-cdi.service", ["add", `${nvidia}/drm/card200`, ...drm("card200")]],
    ["the driver's module goes", "gantry-cdi-gone.service", ["remove", "/module/nvidia", module]],
    ["the module of its DRM nodes goes", "gantry-cdi-gone.service", ["remove", "/module/nvidia_drm", module]],
    ["a GPU is unbound", "gantry-cdi-gone.service", ["unbind", nvidia, ...gpuOnBus]],
    ["a GPU that is taken out is unbound", "gantry-cdi-gone.service", ["unbind", gone, ...gpuOnBus]],
    ["another vendor's card comes", vendor, ["add", `${gone}/drm/card200`, ...drm("card200")]],
    ["another vendor's render node goes", vendor, ["remove", `${gone}/drm/renderD200`, ...drm("renderD200")]],
  ] as const)("when %s, %s is started", async (_, unit, [action, path, ...properties]) => {
    await whichStarts(unit, () => booted.announce(action, path, ...properties))
    expect(await failed()).toBe("")
  })

  test("what is nobody's starts nothing", async () => {
    const before = await Promise.all(units.map(starts))
    await booted.announce("add", "/module/snd", module)
    await booted.announce(
      "bind",
      gone,
      "SUBSYSTEM=pci",
      "DRIVER=snd_hda_intel",
      "PCI_CLASS=40300",
      "PCI_ID=10DE:1AEF",
    )
    await booted.announce("bind", gone, "SUBSYSTEM=pci", "DRIVER=xe", "PCI_CLASS=30000", "PCI_ID=8086:56C0")
    await booted.announce("add", `${gone}/drm/card200-DP-1`, "SUBSYSTEM=drm", "DEVTYPE=drm_connector")
    await settle()
    expect(await Promise.all(units.map(starts))).toEqual(before)
  })

  test("a storm of events ends in one file that is whole, and no unit ever failed", async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        index % 2 === 0
          ? booted.announce("bind", nvidia, ...gpuOnBus)
          : booted.announce("add", `${gone}/drm/renderD${index}`, ...drm(`renderD${index}`)),
      ),
    )
    await settle()
    for (const unit of ["gantry-cdi.service", vendor]) {
      expect((await journal(unit)).filter((line) => /Failed|too quickly/.test(line))).toEqual([])
      expect(await show(unit, "Result")).toBe("success")
    }
    expect(await booted.mustRun("ls", "/run/cdi")).toBe("intel.com-gpu.yaml\nnvidia.yaml\n")
    expect(await text(made)).toContain("/dev/nvidia1")
  })

  test("the driver's files that change start it anew: the loader's cache, and modules that come and are renewed", async () => {
    await whichStarts("gantry-cdi.service", () => booted.mustRun("ldconfig"))
    const renew = 'cd "/lib/modules/$(uname -r)" && echo > modules.dep.new && mv modules.dep.new modules.dep'
    await whichStarts("gantry-cdi.service", () =>
      booted.mustRun("sh", "-ec", `mkdir -p "/lib/modules/$(uname -r)" && ${renew}`),
    )
    await whichStarts("gantry-cdi.service", () => booted.mustRun("sh", "-ec", renew))
  })

  test("the watch makes anew what somebody took away, comes back when it is killed, and stops in peace", async () => {
    const watch = "gantry-cdi-watch.service"
    await booted.mustRun("rm", made)
    await until("the file is back", () => isThere(made))
    // What is proved is that it comes back, and not after how long.
    await booted.mustRun(
      "sh",
      "-ec",
      `mkdir -p /run/systemd/system/${watch}.d && printf '[Service]\\nRestartSec=0\\n' > /run/systemd/system/${watch}.d/soon.conf && systemctl daemon-reload`,
    )
    const before = await starts(watch)
    await booted.mustRun("systemctl", "kill", "--signal=KILL", watch)
    await until("it is back", async () => (await starts(watch)) > before)
    await booted.mustRun("systemctl", "stop", watch)
    expect([await show(watch, "ActiveState"), await show(watch, "Result")]).toEqual(["inactive", "success"])
  })

  test("another vendor's watch makes anew what somebody took away, and stops in peace", async () => {
    await booted.mustRun("systemctl", "stop", vendor)
    await booted.mustRun("rm", intel)
    await until("the file is back", () => isThere(intel))
    await booted.mustRun("systemctl", "stop", kept)
    expect([await show(kept, "ActiveState"), await show(kept, "Result")]).toEqual(["inactive", "success"])
    await booted.mustRun("systemctl", "start", vendor)
  })

  test("what a GPU's going starts withdraws the file and makes no node; what its coming starts makes both", async () => {
    await booted.mustRun("systemctl", "stop", "gantry-cdi.path")
    await booted.mustRun("rm", "/dev/nvidia1")
    await whichStarts("gantry-cdi-gone.service", () => booted.announce("unbind", gone, ...gpuOnBus))
    expect([await isThere(made), await isThere(`${made}.withdrawn`), await isThere("/dev/nvidia1")]).toEqual([
      false,
      true,
      false,
    ])
    expect(await failed()).toBe("")
    await whichStarts("gantry-cdi.service", () => booted.announce("bind", nvidia, ...gpuOnBus))
    expect([await isThere(made), await isThere("/dev/nvidia1")]).toEqual([true, true])
  })

  test("another vendor's file goes with its last GPU, and comes with the next", async () => {
    const address = intelGpus[0] ?? ""
    const driver = `/sys/bus/pci/devices/${address}/driver`
    const bind = (name: string) => booted.mustRun("ln", "-sfn", `../../../bus/pci/drivers/${name}`, driver)
    await bind("vfio-pci")
    await whichStarts(vendor, () => booted.announce("remove", `${gone}/drm/card200`, ...drm("card200")))
    expect([await isThere(intel), await failed()]).toEqual([false, ""])
    expect((await journal(vendor)).join("\n")).toContain("another driver has every GPU of Intel's")
    await bind("i915")
    await whichStarts(vendor, () => booted.announce("add", `${gone}/drm/card200`, ...drm("card200")))
    expect(await isThere(intel)).toBe(true)
  })

  test("a node that is gone takes the file with it at once, and the node's event brings it, though it is being waited for", async () => {
    const [node = ""] = (await text(intel)).match(/\/dev\/dri\/renderD\d+/) ?? []
    expect(node).not.toBe("")
    const before = await starts(vendor)
    await booted.mustRun("mv", node, "/run/kept-node")
    await booted.announce("remove", `${gone}/drm/renderD200`, ...drm("renderD200"))
    await until("the file is withdrawn", async () => !(await isThere(intel)))
    expect([await show(vendor, "ActiveState"), await starts(vendor)]).toEqual(["activating", before + 1])
    await booted.mustRun("mv", "/run/kept-node", node)
    await whichStarts(vendor, () => booted.announce("add", `${gone}/drm/renderD200`, ...drm("renderD200")))
    expect([await isThere(intel), await failed()]).toEqual([true, ""])
  })

  test("AMD's is started by the compute driver's node too, and waits for nothing where there is no GPU of AMD's", async () => {
    const amd = "gantry-cdi-vendor@amd.service"
    await booted.mustRun("systemctl", "start", amd)
    expect([await show(amd, "Result"), await isThere("/run/cdi/amd.com-gpu.yaml")]).toEqual([
      "success",
      false,
    ])
    expect((await journal(amd)).join("\n")).toContain("is not written, since there is no GPU of AMD's")
    await whichStarts(amd, () =>
      booted.announce(
        "add",
        "/devices/virtual/kfd/kfd",
        ...["SUBSYSTEM=kfd", "DEVNAME=kfd", "MAJOR=234", "MINOR=0"],
      ),
    )
    expect(await failed()).toBe("")
    await booted.mustRun("systemctl", "stop", amd)
  })

  test("a machine that has the driver's files and no GPU comes up without a failed unit", async () => {
    for (const name of ["proc/driver", "sys/bus/pci", "sys/module", "dev"]) {
      renameSync(join(machine, name), join(directory, name.replaceAll("/", "-")))
      mkdirSync(join(machine, name))
    }
    expect(existsSync(join(machine, "usr/lib/x86_64-linux-gnu/libcuda.so.1"))).toBe(true)
    await booted.reboot()
    expect(await failed()).toBe("")
    expect(await isThere(made)).toBe(false)
    expect((await journal("gantry-cdi.service")).join("\n")).toContain(
      "no NVIDIA driver drives anything here",
    )
  })
})
