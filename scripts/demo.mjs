// npm run demo: a machine with four simulated GPUs, and a real container that asks for two of them.
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "./build.mjs"
import { ensureNodeModules, ensurePackages, hasProgram, isRoot, root, say } from "./setup.mjs"

const gantry = join(root, "dist/bin/gantry")
const hook = join(root, "dist/bin/nvidia-container-runtime-hook")
const path = `${process.env.PATH}:/usr/sbin:/sbin`

function run(program, args) {
  const ran = spawnSync(program, args, { encoding: "utf8", env: { ...process.env, PATH: path } })
  return { status: ran.status ?? 1, text: `${ran.stdout ?? ""}${ran.stderr ?? ""}` }
}

function must(program, args) {
  const { status, text } = run(program, args)
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${text}`)
  return text
}

const show = (title, text) => console.log(`\n── ${title}\n${text.trimEnd()}`)

/** A bundle for runc: a static busybox, and a specification that asks for GPUs 0 and 2. */
function makeBundle(directory, config) {
  const rootfs = join(directory, "rootfs")
  for (const name of ["bin", "dev", "etc", "proc", "sys", "tmp"])
    mkdirSync(join(rootfs, name), { recursive: true })
  if (hasProgram("busybox")) {
    const busybox = must("sh", ["-c", "command -v busybox"]).trim()
    copyFileSync(busybox, join(rootfs, "bin/busybox"))
    chmodSync(join(rootfs, "bin/busybox"), 0o755)
    for (const name of ["sh", "ls", "grep", "tr", "sort", "echo", "cat", "head"])
      symlinkSync("busybox", join(rootfs, "bin", name))
  }
  const script =
    "echo '$ ls -l /dev | grep nvidia'; ls -l /dev | grep nvidia; echo; echo '$ nvidia-smi -L'; nvidia-smi -L; echo; echo '$ ls /usr/lib64 | head -4'; ls /usr/lib64 | head -4"
  const namespaces = ["pid", "ipc", "uts", "mount"].map((type) => ({ type }))
  const capabilities = ["CAP_CHOWN", "CAP_MKNOD"]
  const spec = {
    ociVersion: "1.0.2",
    process: {
      user: { uid: 0, gid: 0 },
      args: ["sh", "-c", script],
      env: ["PATH=/usr/bin:/bin", "NVIDIA_VISIBLE_DEVICES=0,2"],
      cwd: "/",
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    root: { path: "rootfs" },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
    ],
    hooks: {
      prestart: [
        {
          path: hook,
          args: [hook, "-config", config, "prestart"],
          env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
        },
      ],
    },
    linux: { namespaces, resources: { devices: [{ allow: false, access: "rwm" }] } },
  }
  writeFileSync(join(directory, "config.json"), JSON.stringify(spec, null, 2))
}

await ensureNodeModules()
const missing = await ensurePackages(["runc", "busybox", "compiler"])
if (!isRoot) missing.push("root")
await build()

const work = mkdtempSync(join(tmpdir(), "gantry-demo-"))
const machine = join(work, "machine")
const bundle = join(work, "bundle")
try {
  show(
    "gantry simulate up: a machine with four GPUs",
    must(gantry, ["simulate", "up", machine, "--gpus", "4", "--model", "h100"]),
  )
  const config = join(work, "config.toml")
  writeFileSync(config, `[gantry]\nhost = "${machine}"\n`)
  mkdirSync(bundle)
  makeBundle(bundle, config)
  const needed = missing.filter((name) => name !== "compiler")
  if (needed.length === 0)
    show(
      "runc run: a real container that asks for GPUs 0 and 2",
      must("runc", ["--root", join(work, "runc"), "run", "--bundle", bundle, `gantry-demo-${process.pid}`]),
    )
  else say(`no container is started: missing ${needed.join(", ")}; what it would get is explained instead`)
  show("gantry explain: why", must(gantry, ["explain", "--bundle", bundle, "--config", config]))
} finally {
  run(gantry, ["simulate", "down", machine])
  rmSync(work, { recursive: true, force: true })
}
