/** Bundles for real runc: root file systems made of what the machine has, and a specification small enough to read. */

import { spawnSync } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

export const hookProgram = join(import.meta.dir, "../../dist/bin/nvidia-container-runtime-hook")
export const cdiHookProgram = join(import.meta.dir, "../../dist/bin/nvidia-cdi-hook")
export const cliProgram = join(import.meta.dir, "../../dist/bin/nvidia-container-cli")
export const wrapperProgram = join(import.meta.dir, "../../dist/bin/nvidia-container-runtime")
export const gantryProgram = join(import.meta.dir, "../../dist/bin/gantry")

const isRoot = process.getuid?.() === 0
const search = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"]
export const hasProgram = (name: string): boolean =>
  search.some((directory) => existsSync(join(directory, name)))

/** What is missing for tests with real containers; empty: nothing. */
export const missing = (...programs: readonly string[]): string =>
  [...(isRoot ? [] : ["root"]), ...programs.filter((name) => !hasProgram(name))].join(", ")

export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export function run(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Ran {
  const env = { ...(options.env ?? process.env), PATH: search.join(":") }
  const ran = spawnSync(program, args, { encoding: "utf8", timeout: 60_000, ...options, env })
  return {
    status: ran.status ?? -1,
    stdout: ran.stdout ?? "",
    stderr: `${ran.stderr ?? ""}${ran.error === undefined ? "" : ran.error.message}`,
  }
}

/** Runs and insists. */
export function mustRun(
  program: string,
  args: readonly string[],
  options: Parameters<typeof run>[2] = {},
): string {
  const ran = run(program, args, options)
  if (ran.status !== 0)
    throw new Error(`${program} ${args.join(" ")}: ${ran.status}: ${ran.stderr}${ran.stdout}`)
  return ran.stdout
}

export const makeDirectory = (name: string): string => mkdtempSync(join(tmpdir(), `gantry-${name}-`))

let applets: readonly string[] | undefined

/** A static busybox and links to it: every applet, or these; there are hundreds, and of many starts in a row few use many. */
export function makeBusyboxRoot(root: string, names?: readonly string[]): void {
  for (const directory of ["bin", "dev", "etc", "proc", "sys", "tmp", "usr/bin"])
    mkdirSync(join(root, directory), { recursive: true })
  const busybox = search.map((directory) => join(directory, "busybox")).find(existsSync) ?? "/bin/busybox"
  copyFileSync(busybox, join(root, "bin/busybox"))
  chmodSync(join(root, "bin/busybox"), 0o755)
  applets ??= mustRun(busybox, ["--list"]).trim().split("\n")
  for (const name of names ?? applets)
    if (name !== "busybox" && !existsSync(join(root, "bin", name)))
      symlinkSync("busybox", join(root, "bin", name))
}

/** Adds the machine's own loader and libc, and a program of ours, to a root: a glibc container. */
export function addLoaderProbe(root: string, source: string): void {
  const probe = join(root, "bin/loader-probe")
  mustRun("cc", ["-O1", "-o", probe, source, "-ldl"])
  const listed = mustRun("ldd", [probe])
  for (const path of listed.match(/\/\S+/g) ?? []) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    copyFileSync(path, join(root, path))
    chmodSync(join(root, path), 0o755)
  }
  writeFileSync(join(root, "etc/debian_version"), "12.0\n")
}

export interface SpecShape {
  readonly args: readonly string[]
  readonly env: readonly string[]
  /** Command line of the prestart hook, its program first; undefined: no hook. */
  readonly hook?: readonly string[]
  /** Command lines of createContainer hooks, which start in the container's namespaces. Order: of running. */
  readonly createContainer?: readonly (readonly string[])[]
  /** How the container shares its mounts with the machine. */
  readonly rootfsPropagation?: "shared"
  readonly capabilities?: readonly string[]
  readonly isRootReadOnly?: boolean
  readonly mounts?: readonly object[]
  /** What is mounted at /proc; undefined: a proc of its own. */
  readonly proc?: object
  /** Where in the hierarchy of cgroups; undefined: the runtime chooses. */
  readonly cgroupsPath?: string
  /** The host's id that the container's root has; undefined: no user namespace. */
  readonly userNamespace?: number
}

/** A specification without what a small sandbox cannot give: no raised limits, no lowered OOM score, no network. */
export function renderSpec(shape: SpecShape): string {
  const capabilities = shape.capabilities ?? ["CAP_CHOWN", "CAP_MKNOD", "CAP_NET_BIND_SERVICE"]
  const hooksOf = (lines: readonly (readonly string[])[]): readonly object[] =>
    lines.map((args) => ({ path: args[0], args, env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], timeout: 30 }))
  const mappings =
    shape.userNamespace === undefined
      ? undefined
      : [{ containerID: 0, hostID: shape.userNamespace, size: 65_536 }]
  return JSON.stringify({
    ociVersion: "1.0.2",
    process: {
      user: { uid: 0, gid: 0 },
      args: shape.args,
      env: ["PATH=/usr/bin:/bin", ...shape.env],
      cwd: "/",
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    root: { path: "rootfs", readonly: shape.isRootReadOnly ?? false },
    hostname: "gantry",
    mounts: [
      shape.proc ?? { destination: "/proc", type: "proc", source: "proc" },
      {
        destination: "/dev",
        type: "tmpfs",
        source: "tmpfs",
        options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
      },
      ...(shape.mounts ?? []),
    ],
    hooks: {
      prestart: hooksOf(shape.hook === undefined ? [] : [shape.hook]),
      createContainer: hooksOf(shape.createContainer ?? []),
    },
    linux: {
      ...(shape.cgroupsPath === undefined ? {} : { cgroupsPath: shape.cgroupsPath }),
      ...(shape.rootfsPropagation === undefined ? {} : { rootfsPropagation: shape.rootfsPropagation }),
      resources: {
        devices: [
          { allow: false, access: "rwm" },
          { allow: true, type: "c", access: "m" },
          { allow: true, type: "c", major: 1, minor: 3, access: "rwm" },
          { allow: true, type: "c", major: 1, minor: 5, access: "rwm" },
        ],
      },
      namespaces: [
        ...["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
        ...(mappings === undefined ? [] : [{ type: "user" }]),
      ],
      ...(mappings === undefined ? {} : { uidMappings: mappings, gidMappings: mappings }),
    },
  })
}

const v2 = 'mount -t cgroup2 none "$1" && umount -l /sys/fs/cgroup && mount --move "$1" /sys/fs/cgroup'
const paramsInProc =
  "mount -t tmpfs none /proc/driver && mkdir -p /proc/driver/nvidia && printf 'Mobile: 1\\nModifyDeviceFiles: 1\\nDeviceFileUID: 0\\n' > /proc/driver/nvidia/params"

/** Views of this machine, made in a mount namespace of their own; `$1` is an empty directory. */
const views = {
  /** Only cgroup v2. */
  v2,
  /** With the directory that the kernel's NVIDIA module makes in proc. */
  driverInProc: "mount -t tmpfs none /proc/driver && mkdir -p /proc/driver/nvidia/gpus",
  /** With the module's parameters, as they are after loading. */
  paramsInProc,
  v2ParamsInProc: `${v2} && ${paramsInProc}`,
} as const

export type View = "v1" | keyof typeof views

export interface Bundle {
  readonly directory: string
  readonly root: string
  /** Runs the container to its end, in a view of the machine. */
  start(view?: View): Ran
  remove(): void
}

let counter = 0

export function makeBundle(
  parent: string,
  shape: SpecShape,
  prepare: (root: string) => void = makeBusyboxRoot,
): Bundle {
  const name = `gantry-${process.pid}-${counter++}`
  const directory = join(parent, name)
  const root = join(directory, "rootfs")
  mkdirSync(root, { recursive: true })
  prepare(root)
  writeFileSync(join(directory, "config.json"), renderSpec(shape))
  const state = join(parent, "runc")
  return {
    directory,
    root,
    start(view = "v1") {
      const args = ["--root", state, "run", "--bundle", directory, name]
      if (view === "v1") return run("runc", args)
      const place = join(parent, "view")
      mkdirSync(place, { recursive: true })
      return run("unshare", [
        "--mount",
        "sh",
        "-c",
        `${views[view]} && shift && exec runc "$@"`,
        "sh",
        place,
        ...args,
      ])
    },
    remove() {
      run("runc", ["--root", state, "delete", "--force", name])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Makes a bundle below a directory, and takes it away after use. */
export const bundlesIn =
  (parent: string) =>
  <T>(shape: SpecShape, use: (bundle: Bundle) => T, prepare?: (root: string) => void): T => {
    const bundle = makeBundle(parent, shape, prepare)
    try {
      return use(bundle)
    } finally {
      bundle.remove()
    }
  }

/** Every path below a directory with its kind, for comparing before and after. */
export function listTree(directory: string, prefix = ""): readonly string[] {
  return readdirSync(join(directory, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(prefix, entry.name)
      return [
        `${entry.isDirectory() ? "d" : entry.isSymbolicLink() ? "l" : "f"} ${path}`,
        ...(entry.isDirectory() ? listTree(directory, path) : []),
      ]
    })
    .sort()
}
