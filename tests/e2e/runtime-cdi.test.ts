/** The runtime wrapper and devices of CDI specifications, with real containers: this machine's own files, and a simulated machine's. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { basename, join } from "node:path"
import {
  cdiHookProgram,
  gantryProgram,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  run,
  type SpecShape,
} from "./bundle.ts"

const lacks = missing("runc", "busybox")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "runc" : `runc (missing: ${lacks})`
const bin = join(import.meta.dir, "../../dist/bin")
const own = ["NVIDIA_VISIBLE_DEVICES=vendor.com/nic=a"]

suite(`the runtime wrapper serves devices of CDI specifications: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("runtime-cdi") : ""
  const machine = join(work, "machine")
  const settings = join(work, "settings")
  const specs = join(work, "specs")
  const later = join(work, "later")
  const state = join(work, "state")
  const told = join(work, "told")
  const env = { ...process.env, XDG_CONFIG_HOME: settings }
  const configure = (lines: string): void =>
    writeFileSync(join(settings, "nvidia-container-runtime/config.toml"), lines)
  const directories = `[nvidia-container-runtime.modes.cdi]\nspec-dirs = ["${specs}", "${later}"]\n`
  /** Of the simulated machine, whose specifications lie in it. */
  const simulated = `[gantry]\nhost = "${machine}"\n`

  /** A file that a hook writes says that it ran, as whom, and what it was given. */
  const hook = (name: string): object => ({
    hookName: name,
    path: "/bin/sh",
    args: [
      "sh",
      "-c",
      `echo "${name} $(basename $0) $PATH" >> ${name === "startContainer" ? "/told" : told}`,
    ],
  })
  const nic = {
    cdiVersion: "0.7.0",
    kind: "vendor.com/nic",
    containerEdits: { env: ["VENDOR=all"], hooks: [hook("createContainer")] },
    devices: [
      {
        name: "a",
        containerEdits: {
          env: ["NIC=a"],
          deviceNodes: [{ path: "/dev/vendor0", hostPath: "/dev/zero" }],
          mounts: [
            { hostPath: join(work, "vendor"), containerPath: "/opt/vendor", options: ["ro", "rbind"] },
          ],
          additionalGids: [4711],
        },
      },
      { name: "b", containerEdits: { env: ["NIC=b"] } },
      { name: "gone", containerEdits: { deviceNodes: [{ path: "/dev/gantry-nothing" }] } },
    ],
  }

  beforeAll(() => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "4", "--model", "a100"])
    mkdirSync(join(settings, "nvidia-container-runtime"), { recursive: true })
    mkdirSync(join(work, "vendor"))
    writeFileSync(join(work, "vendor/file"), "of the vendor\n")
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })
  beforeEach(() => {
    for (const directory of [specs, later, join(machine, "etc/cdi"), told])
      rmSync(directory, { recursive: true, force: true })
    for (const directory of [specs, later]) mkdirSync(directory)
    mkdirSync(join(machine, "etc/cdi"), { recursive: true })
    writeFileSync(join(specs, "vendor.json"), JSON.stringify(nic))
    configure(directories)
  })

  interface Started extends Ran {
    readonly before: string
    readonly after: string
    /** What the container's root holds at the end. */
    readonly toldInside: string
  }

  function start(
    shape: SpecShape,
    more: {
      readonly prepare?: (root: string) => void
      readonly name?: string
      readonly edit?: (spec: string) => string
      readonly times?: number
      readonly variables?: Readonly<Record<string, string>>
    } = {},
  ): Started {
    const bundle = makeBundle(work, shape, more.prepare)
    const id = basename(bundle.directory)
    const spec = join(bundle.directory, "config.json")
    if (more.edit !== undefined) writeFileSync(spec, more.edit(readFileSync(spec, "utf8")))
    const before = readFileSync(spec, "utf8")
    const program = join(bin, more.name ?? "nvidia-container-runtime")
    const args = ["--root", state, "run", "--bundle", bundle.directory, id]
    try {
      const options = { env: { ...env, ...more.variables } }
      let ran = run(program, args, options)
      for (let time = 1; time < (more.times ?? 1); time++) ran = run(program, args, options)
      const inside = join(bundle.root, "told")
      const toldInside = readdirSync(bundle.root).includes("told") ? readFileSync(inside, "utf8") : ""
      return { ...ran, before, after: readFileSync(spec, "utf8"), toldInside }
    } finally {
      run("runc", ["--root", state, "delete", "--force", id])
      rmSync(bundle.directory, { recursive: true, force: true })
    }
  }
  const nodes = "ls /dev | grep -E 'nvidia[0-9]|vendor'"
  const look = `${nodes}; head -c1 /dev/vendor0 | od -An -tx1; cat /opt/vendor/file; echo $VENDOR $NIC; id -G`
  const seen = "vendor0\n 00\nof the vendor\nall a\n0 4711\n"
  const refused = (ran: Started, line: RegExp): void => {
    expect(ran.status).not.toBe(0)
    expect(ran.stderr).toMatch(line)
    expect(ran.stderr.trim().split("\n")).toHaveLength(1)
    expect(ran.after).toBe(ran.before)
  }

  test.each(["nvidia-container-runtime", "nvidia-container-runtime.cdi"])(
    "%s, on a machine without a driver",
    (name) => {
      const ran = start({ args: ["sh", "-c", look], env: own }, { name })
      expect(ran).toMatchObject({ status: 0, stdout: seen, stderr: "" })
      expect(readFileSync(told, "utf8")).toBe("createContainer sh /usr/sbin:/usr/bin:/sbin:/bin\n")
    },
  )

  test("what no edit concerns stays as it was written", () => {
    const odd = (spec: string): string =>
      spec.replace('"hostname":"gantry"', '"hostname" : "gantry", "x-odd": {"1e400": 1e400, "0": [ ]}')
    const { status, after } = start({ args: ["true"], env: own }, { edit: odd })
    expect([status, after.includes('"hostname" : "gantry", "x-odd": {"1e400": 1e400, "0": [ ]}')]).toEqual([
      0,
      true,
    ])
  })

  test("what config.toml says wrongly of capabilities, which nobody looks at, fails no start", () => {
    configure(`supported-driver-capabilities = "bogus"\n${directories}`)
    expect(start({ args: ["sh", "-c", look], env: own })).toMatchObject({ status: 0, stdout: seen })
    const passed = start({ args: ["true"], env: ["NVIDIA_VISIBLE_DEVICES=void"] })
    expect([passed.status, passed.stderr, passed.after]).toEqual([0, "", passed.before])
  })

  test("a configuration file that a variable names must be there for who asks for a device, and for nobody else", () => {
    const variables = { NVIDIA_CTK_CONFIG_FILE_PATH: join(work, "nothing.toml") }
    refused(
      start({ args: ["true"], env: own }, { variables }),
      /^couldn't open required configuration file: .*nothing\.toml.* \[GAN1230\]/,
    )
    const passed = start({ args: ["true"], env: ["A=b"] }, { variables })
    expect([passed.status, passed.stderr, passed.after]).toEqual([0, "", passed.before])
  })

  test("a specification without its version, which runc takes", () => {
    const edit = (spec: string): string => spec.replace('"ociVersion":"1.0.2",', "")
    const ran = start({ args: ["sh", "-c", look], env: own }, { edit })
    expect([ran.status, ran.stdout, ran.before.includes("ociVersion")]).toEqual([0, seen, false])
    const passed = start({ args: ["true"], env: ["NVIDIA_VISIBLE_DEVICES=void"] }, { edit })
    expect([passed.status, passed.after]).toEqual([0, passed.before])
  })

  test("a mode that there is not is refused in one line, by the reference's words", () => {
    configure(`[nvidia-container-runtime]\nmode = "CDI"\n${directories}`)
    refused(
      start({ args: ["true"], env: own }),
      /^failed to create NVIDIA Container Runtime: .* invalid mode "CDI" \[GAN1218\]: set nvidia-container-runtime\.mode/,
    )
  })

  test("a mount asks, where the configuration accepts it", () => {
    configure(`accept-nvidia-visible-devices-as-volume-mounts = true\n${directories}`)
    const asking = {
      destination: "/var/run/nvidia-container-devices/cdi/vendor.com/nic/a",
      type: "bind",
      source: "/dev/null",
      options: ["bind"],
    }
    const ran = start({ args: ["sh", "-c", look], env: [], mounts: [asking] })
    expect(ran).toMatchObject({ status: 0, stdout: seen })
  })

  test("a default kind, and Swarm's variables", () => {
    const keys = 'swarm-resource = "DOCKER_RESOURCE_NIC"\n[nvidia-container-runtime]\nmode = "cdi"\n'
    configure(`${keys}${directories}default-kind = "vendor.com/nic"\n`)
    const ran = start({ args: ["sh", "-c", look], env: ["DOCKER_RESOURCE_NIC=a"] })
    expect(ran).toMatchObject({ status: 0, stdout: seen })
  })

  test("annotations name own devices of specifications; other vendors' are the engine's", () => {
    const team = {
      ...nic,
      kind: "nvidia.com/gpu",
      devices: [{ name: "team-a", containerEdits: { env: ["TEAM=a"] } }],
    }
    writeFileSync(join(specs, "team.json"), JSON.stringify(team))
    const annotated = (name: string) => (spec: string) =>
      spec.replace('"hostname":"gantry"', `"hostname":"gantry","annotations":{"cdi.k8s.io/x":"${name}"}`)
    const script = { args: ["sh", "-c", "echo $TEAM $NIC"], env: ["A=b"] }
    expect(start(script, { edit: annotated("nvidia.com/gpu=team-a") }).stdout).toBe("a\n")
    expect(start(script, { edit: annotated("nvidia.com/gpu=team-a,vendor.com/nic=a") }).stdout).toBe("a\n")
    const passed = start(script, { edit: annotated("vendor.com/nic=a") })
    expect([passed.status, passed.stdout, passed.after]).toEqual([0, "\n", passed.before])
  })

  test("every hook runs, where and when its name says, with a path of its own", () => {
    const stages = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
    const hooked = { ...nic, devices: [{ name: "a", containerEdits: { hooks: stages.map(hook) } }] }
    writeFileSync(join(specs, "vendor.json"), JSON.stringify({ ...hooked, containerEdits: {} }))
    const ran = start({ args: ["true"], env: own })
    const line = (name: string): string => `${name} sh /usr/sbin:/usr/bin:/sbin:/bin`
    expect(ran.status).toBe(0)
    expect(ran.toldInside).toBe(`${line("startContainer")}\n`)
    expect(readFileSync(told, "utf8").trim().split("\n")).toEqual(
      stages.filter((name) => name !== "startContainer").map(line),
    )
  })

  test("hooks of a driver's specification do their work in the container", () => {
    const links = [
      "create-symlinks",
      "--link",
      "libvendor.so.1::/opt/lib/libvendor.so",
      "--link",
      "/etc/x::/opt/y",
    ]
    const driver = {
      cdiVersion: "0.5.0",
      kind: "nvidia.com/gpu",
      containerEdits: {
        hooks: [
          { hookName: "createContainer", path: cdiHookProgram, args: ["nvidia-cdi-hook", ...links] },
          {
            hookName: "createContainer",
            path: cdiHookProgram,
            args: ["nvidia-cdi-hook", "update-ldcache", "--folder", "/opt/lib"],
          },
        ],
      },
      devices: [
        { name: "team-a", containerEdits: { deviceNodes: [{ path: "/dev/team0", hostPath: "/dev/full" }] } },
      ],
    }
    writeFileSync(join(specs, "nvidia.json"), JSON.stringify(driver))
    const script = "ls /dev/team0; readlink /opt/lib/libvendor.so; readlink /opt/y; ls /etc/ld.so.cache"
    const ran = start({ args: ["sh", "-c", script], env: ["NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=team-a"] })
    expect(ran).toMatchObject({
      status: 0,
      stdout: "/dev/team0\nlibvendor.so.1\n/etc/x\n/etc/ld.so.cache\n",
    })
  })

  test("what an engine has applied already, or an earlier start, is not done twice", () => {
    const ran = start({ args: ["sh", "-c", look], env: own }, { times: 2 })
    expect(ran).toMatchObject({ status: 0, stdout: seen })
    // Once for each of the two containers.
    expect(readFileSync(told, "utf8").trim().split("\n")).toHaveLength(2)
    const { hooks, mounts } = JSON.parse(ran.after) as {
      readonly hooks: { readonly createContainer: readonly object[] }
      readonly mounts: readonly { readonly destination: string }[]
    }
    expect(hooks.createContainer).toHaveLength(1)
    expect(mounts.filter(({ destination }) => destination === "/opt/vendor")).toHaveLength(1)
  })

  test("a user namespace", () => {
    const prepare = (root: string): void => {
      makeBusyboxRoot(root)
      mustRun("chown", ["-R", "100000:100000", root])
      mustRun("chmod", ["755", work])
    }
    // Hooks of the container's namespaces are the mapped root's.
    writeFileSync(told, "")
    chmodSync(told, 0o666)
    const ran = start({ args: ["sh", "-c", look], env: own, userNamespace: 100_000 }, { prepare })
    expect(ran).toMatchObject({ status: 0, stdout: seen, stderr: "" })
  })

  test("another tool's hook is taken out", () => {
    const ran = start({
      args: ["true"],
      env: own,
      hook: ["/bin/false/nvidia-container-runtime-hook", "prestart"],
    })
    expect([ran.status, ran.after.includes("nvidia-container-runtime-hook")]).toEqual([0, false])
  })

  describe("beside this machine's own devices", () => {
    beforeEach(() => {
      const team = {
        cdiVersion: "0.5.0",
        kind: "nvidia.com/gpu",
        devices: [
          { name: "team-a", containerEdits: { env: ["TEAM=a"], deviceNodes: [{ path: "/dev/nvidia2" }] } },
          { name: "1", containerEdits: { env: ["STALE=1"] } },
          { name: "a100", containerEdits: { env: ["TEAM=a100"] } },
        ],
      }
      const etc = join(machine, "etc/cdi")
      writeFileSync(join(etc, "team.yaml"), JSON.stringify(team))
      const file = {
        hostPath: "/etc/cdi/team.yaml",
        containerPath: "/opt/vendor/file",
        options: ["ro", "bind"],
      }
      const edits = { env: ["NIC=a"], mounts: [file], hooks: [hook("createContainer")] }
      const vendor = { ...nic, containerEdits: {}, devices: [{ name: "a", containerEdits: edits }] }
      writeFileSync(join(etc, "vendor.json"), JSON.stringify(vendor))
      configure(simulated)
    })
    const script = `${nodes}; echo $TEAM $NIC $STALE`
    const shown = (devices: string, config = simulated, name?: string): string => {
      configure(config)
      const asked = { args: ["sh", "-c", script], env: [`NVIDIA_VISIBLE_DEVICES=${devices}`] }
      const ran = start(asked, name === undefined ? {} : { name })
      return `${ran.stdout}${ran.stderr}`
    }

    test("a name of the own kind that only a specification has", () => {
      expect(shown("nvidia.com/gpu=team-a")).toBe("nvidia2\na\n")
    })

    test("the machine's own devices are the machine's, whatever a specification says of them", () => {
      expect(shown("nvidia.com/gpu=1")).toBe("nvidia1\n\n")
      // Nor do they stay what they were planned to be, where the first answer was kept.
      expect([shown("nvidia.com/gpu=1"), shown("nvidia.com/gpu=1")]).toEqual(["nvidia1\n\n", "nvidia1\n\n"])
    })

    test("a name goes before a word of the model; without it the word counts, and is not remembered", () => {
      expect(shown("nvidia.com/gpu=a100")).toBe("a100\n")
      rmSync(join(machine, "etc/cdi/team.yaml"))
      expect(shown("nvidia.com/gpu=a100")).toBe("nvidia0\nnvidia1\nnvidia2\nnvidia3\n\n")
      writeFileSync(
        join(machine, "etc/cdi/team.json"),
        JSON.stringify({
          ...nic,
          kind: "nvidia.com/gpu",
          containerEdits: {},
          devices: [{ name: "a100", containerEdits: { env: ["TEAM=new"] } }],
        }),
      )
      expect(shown("nvidia.com/gpu=a100")).toBe("new\n")
    })

    test("what cdi generate wrote for the simulated machine, twice: read, and remembered", () => {
      mustRun(gantryProgram, [
        ...["cdi", "generate", "--host", machine, "--name", "type-index", "--vendor", "nvidia"],
        ...["--output", join(machine, "etc/cdi/generated.yaml")],
      ])
      const name = "nvidia.com/gpu=gpu3"
      expect([shown(name), shown(name)]).toEqual(["nvidia3\n\n", "nvidia3\n\n"])
    })

    test("both in one container", () => {
      expect(shown("3,nvidia.com/gpu=team-a,vendor.com/nic=a")).toBe("nvidia2\nnvidia3\na a\n")
      expect(shown("runtime.nvidia.com/gpu=0,vendor.com/nic=a")).toBe("nvidia0\na\n")
      expect(readFileSync(told, "utf8").trim().split("\n")).toHaveLength(2)
    })

    test("a name without its kind is a specification's in mode cdi only", () => {
      expect(shown("team-a", simulated, "nvidia-container-runtime.cdi")).toBe("nvidia2\na\n")
      expect(shown("team-a")).toContain("team-a: unknown device [GAN2104]")
    })

    test("mode legacy has none", () => {
      const legacy = `[nvidia-container-runtime]\nmode = "legacy"\n${simulated}`
      expect(shown("0,vendor.com/nic=a", legacy)).toMatch(
        /^vendor\.com\/nic=a is a CDI device, which .* \[GAN2105\]: set nvidia-container-runtime\.mode/,
      )
      expect(shown("vendor.com/nic=a", simulated, "nvidia-container-runtime.legacy")).toContain("[GAN1216]")
    })

    test("files of the simulated machine are mounted from it", () => {
      const asked = ["NVIDIA_VISIBLE_DEVICES=vendor.com/nic=a"]
      const ran = start({ args: ["head", "-c", "15", "/opt/vendor/file"], env: asked })
      expect(ran).toMatchObject({ status: 0, stdout: '{"cdiVersion":"' })
    })
  })

  describe("what cannot be given is refused in one line, and config.json stays", () => {
    const asking = (name: string): Started =>
      start({ args: ["true"], env: [`NVIDIA_VISIBLE_DEVICES=${name}`] })

    test("a device that no specification has", () => {
      refused(
        asking("vendor.com/nic=A"),
        /^unresolvable CDI devices vendor\.com\/nic=A: .* \[GAN4043\]: did you mean vendor\.com\/nic=a\?/,
      )
      refused(asking("vendor.com/gpu=a"), /no specification is of kind vendor\.com\/gpu \[GAN4043\]/)
      refused(asking("vendor.com/n ic=a"), /is not a qualified name, vendor\/class=device \[GAN4043\]/)
    })

    test("one of several: none is given", () => {
      refused(asking("vendor.com/nic=a,vendor.com/nic=x"), /\[GAN4043\]/)
      expect(readdirSync(work)).not.toContain("told")
    })

    test("a device in two files of one directory; a later directory wins over an earlier", () => {
      writeFileSync(join(later, "vendor.json"), JSON.stringify({ ...nic, containerEdits: {} }))
      expect(start({ args: ["sh", "-c", "echo $VENDOR $NIC"], env: own }).stdout).toBe("a\n")
      writeFileSync(join(later, "again.json"), JSON.stringify(nic))
      refused(asking("vendor.com/nic=a"), /is defined by .*again\.json and .*vendor\.json \[GAN4043\]/)
    })

    test("a node that the machine does not have", () => {
      refused(
        asking("vendor.com/nic=gone"),
        /^failed to inject CDI devices: vendor\.com\/nic=gone of .*vendor\.json: failed to stat CDI host device "\/dev\/gantry-nothing" \[GAN4048\]: /,
      )
    })

    test("directories that are not absolute", () => {
      configure('[nvidia-container-runtime.modes.cdi]\nspec-dirs = ["cdi"]\n')
      refused(asking("vendor.com/nic=a"), /spec-dirs.*\[GAN1\d+\]/)
    })
  })

  describe("a bad specification hides nobody else's devices, and is told of", () => {
    /** Of our last container: others of this machine are in the same log. */
    function findings(): string {
      for (let number = 1; number <= 64; number++) {
        const told = mustRun(gantryProgram, ["explain", `--last=${number}`], { env })
        if (told.includes(work)) return told
      }
      throw new Error("it is not in the log")
    }
    const served = (): void =>
      expect(start({ args: ["sh", "-c", look], env: own })).toMatchObject({
        status: 0,
        stdout: seen,
        stderr: "",
      })

    test.each([
      ["that is none", "bad.yaml", "kind: [", "GAN4001"],
      [
        "of unknown fields",
        "bad.json",
        '{"cdiVersion":"0.5.0","kind":"x.com/y","devices":[],"evil":1}',
        "GAN4004",
      ],
      [
        "of paths that are empty",
        "bad.json",
        '{"cdiVersion":"0.5.0","kind":"x.com/y","devices":[{"name":"a","containerEdits":{"mounts":[{"hostPath":"","containerPath":""}]}}]}',
        "GAN4023",
      ],
      ["that is huge", "bad.json", " ".repeat(5 * 1024 * 1024), "GAN4003"],
      ["that nests without end", "bad.json", "[".repeat(100_000), "GAN4001"],
      [
        "of an alias bomb",
        "bad.yaml",
        `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij"
          .split("")
          .map((name, at) => `${name}: &${name} [${`*${"abcdefghi"[at]},`.repeat(9)}]`)
          .join("\n")}\n`,
        "GAN4001",
      ],
    ] as const)("a file %s", (_, name, text, code) => {
      writeFileSync(join(specs, name), text)
      served()
      expect(findings()).toContain(code)
    })

    test("a FIFO, a device, a directory and a link to nowhere in a file's place; nobody waits", () => {
      mustRun("mkfifo", [join(specs, "fifo.json")])
      mustRun("mknod", [join(specs, "tty.yaml"), "c", "5", "0"])
      symlinkSync("/nowhere", join(specs, "link.json"))
      mkdirSync(join(specs, "directory.json"))
      served()
      expect(findings().match(/GAN4041/g)).toHaveLength(3)
    })

    test("a link in a directory's place is not followed, as by engines, and told of, as what is no directory", () => {
      rmSync(later, { recursive: true })
      for (const target of [later, specs]) {
        symlinkSync(target, later)
        served()
        expect(findings()).toContain("GAN4049")
        rmSync(later)
      }
      writeFileSync(later, "")
      served()
      expect(findings()).toContain("GAN4049")
    })

    test("a file that another process replaces by a FIFO and back, all the time: served or refused, and nobody waits", () => {
      const swap =
        'cd "$1" && while :; do mkfifo f; mv f vendor.json; cp ../whole.json g; mv g vendor.json; done'
      writeFileSync(join(work, "whole.json"), JSON.stringify(nic))
      const swapper = Bun.spawn(["sh", "-c", swap, "sh", specs], { stderr: "ignore" })
      try {
        for (let count = 0; count < 20; count++) {
          const ran = start({ args: ["sh", "-c", look], env: own })
          if (ran.status === 0) expect(ran.stdout).toBe(seen)
          else
            expect(ran.stderr).toMatch(/^unresolvable CDI devices vendor\.com\/nic=a: .*\[GAN4043\][^\n]*\n$/)
        }
      } finally {
        swapper.kill()
      }
    })

    test("ten thousand bad files", () => {
      for (let count = 0; count < 10_000; count++) writeFileSync(join(specs, `bad-${count}.json`), "")
      served()
      expect(findings().match(/GAN4002/g)).toHaveLength(32)
    })
  })

  test("paths that would leave the container lead back into it, and the machine stays as it was", () => {
    const outside = join(work, "outside")
    mkdirSync(outside)
    const up = "/..".repeat(20)
    const evil = {
      ...nic,
      containerEdits: {},
      devices: [
        {
          name: "a",
          containerEdits: {
            mounts: [{ hostPath: join(work, "vendor"), containerPath: `${up}${outside}`, options: ["bind"] }],
            deviceNodes: [{ path: `/dev${up}${outside}/node`, hostPath: "/dev/zero" }],
          },
        },
      ],
    }
    writeFileSync(join(specs, "vendor.json"), JSON.stringify(evil))
    start({ args: ["true"], env: own })
    expect(readdirSync(outside)).toEqual([])
  })

  test("explain says what comes from which file, beforehand", () => {
    const bundle = makeBundle(work, { args: ["true"], env: own })
    try {
      const told = run(gantryProgram, ["explain", "--wrapper", "--bundle", bundle.directory], { env })
      expect(told.stdout).toContain("This container gets what CDI specifications say of vendor.com/nic=a.")
      expect(told.stdout).toContain(
        `vendor.com/nic=a, as ${join(specs, "vendor.json")} says: 2 env, 1 deviceNodes`,
      )
    } finally {
      bundle.remove()
    }
  })

  test("shadow mode only looks on", () => {
    configure(`${directories}[gantry]\nmode = "shadow"\n`)
    const other = join(work, "other")
    mkdirSync(other, { recursive: true })
    writeFileSync(join(other, "nvidia-container-runtime"), "#!/bin/sh\necho another\n")
    chmodSync(join(other, "nvidia-container-runtime"), 0o755)
    const bundle = makeBundle(work, { args: ["true"], env: own })
    try {
      const before = readFileSync(join(bundle.directory, "config.json"), "utf8")
      const ran = Bun.spawnSync(
        [join(bin, "nvidia-container-runtime"), "run", "--bundle", bundle.directory, "x"],
        {
          env: { ...env, PATH: `${other}:${process.env["PATH"] ?? ""}:/usr/sbin` },
        },
      )
      expect(ran.stdout.toString()).toBe("another\n")
      expect(readFileSync(join(bundle.directory, "config.json"), "utf8")).toBe(before)
    } finally {
      bundle.remove()
    }
  })

  test("a file of the machine that cannot be read by its mode is read by root all the same", () => {
    chmodSync(join(specs, "vendor.json"), 0)
    expect(statSync(join(specs, "vendor.json")).mode & 0o777).toBe(0)
    expect(start({ args: ["sh", "-c", look], env: own })).toMatchObject({ status: 0, stdout: seen })
  })
})
