import { afterAll, describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bundlesIn, gantryProgram, makeDirectory, missing, mustRun, run } from "./bundle.ts"

const lacks = missing("runc", "busybox")
const suite = lacks === "" ? describe : describe.skip

suite(lacks === "" ? "gantry cdi inject and runc" : `gantry cdi inject and runc (missing: ${lacks})`, () => {
  const work = lacks === "" ? makeDirectory("cdi-inject") : ""
  afterAll(() => rmSync(work, { recursive: true, force: true }))
  const specs = join(work, "cdi")
  const file = join(work, "of-the-machine")
  const hook = join(work, "hook")
  const seen = join(work, "seen-by-hook")
  const withBundle = bundlesIn(work)

  const spec = (env: string): string => `cdiVersion: 0.7.0
kind: vendor.com/card
containerEdits:
  hooks:
    - { hookName: createContainer, path: ${hook}, args: [hook]${env} }
devices:
  - name: a
    containerEdits:
      env: [VENDOR=a]
      deviceNodes: [{ path: /dev/card, hostPath: /dev/full }]
      mounts: [{ hostPath: ${file}, containerPath: /opt/given, options: [ro, bind] }]
      additionalGids: [4242]
`
  const prepare = (env: string): void => {
    mkdirSync(specs, { recursive: true })
    writeFileSync(file, "from the machine\n")
    writeFileSync(hook, `#!/bin/sh\nenv > ${seen}\n`, { mode: 0o755 })
    writeFileSync(join(specs, "vendor.yaml"), spec(env))
  }

  test("a container gets what the specification says, and a hook nothing of the image's variables", () => {
    prepare("")
    const script = "cat /opt/given; echo $VENDOR; id -G; echo x > /dev/card"
    const ran = withBundle({ args: ["sh", "-c", script], env: ["LD_PRELOAD=/evil.so"] }, (bundle) => {
      mustRun(gantryProgram, [
        ...["cdi", "inject", "vendor.com/card=a"],
        ...["--bundle", bundle.directory, "--spec-dir", specs],
      ])
      return bundle.start()
    })
    expect(ran.stdout).toBe("from the machine\na\n0 4242\n")
    // The node is there and may be opened: /dev/full is always full.
    expect(ran.stderr).toContain("No space left on device")
    const variables = readFileSync(seen, "utf8")
    expect(variables).toContain("PATH=/usr/sbin:/usr/bin:/sbin:/bin\n")
    expect(variables).not.toContain("LD_PRELOAD")
  })

  test("verify says of the same specification, beside this machine, what is wrong with it", () => {
    prepare("")
    const verify = () =>
      run(gantryProgram, ["cdi", "verify", "--spec-dir", specs, "--engine", "podman@5.1.0"])
    const naked = verify()
    expect(naked.status).toBe(1)
    expect(naked.stdout).toContain("[GAN4112]")
    writeFileSync(join(specs, "vendor.yaml"), spec(", env: [A=b]"))
    const sound = verify()
    // Engines of this machine look elsewhere, which is told of by itself.
    const ofFile = sound.stdout.match(/^(?:error|warning): .*vendor\.yaml/m)
    expect([sound.status, ofFile]).toEqual([0, null])
    rmSync(file)
    const stale = verify()
    expect(stale.status).toBe(1)
    expect(stale.stdout).toContain(`cannot stat "${file}": no such file or directory [GAN4100]`)
  })
})
