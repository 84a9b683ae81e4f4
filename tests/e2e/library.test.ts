/** The library as others get it: packed, unpacked, type-checked and run by Node and by Bun, with the example of its page. */

import { beforeAll, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { temporaryDirectory } from "../temporary-directory.ts"

const root = resolve(import.meta.dir, "../..")
const place = temporaryDirectory("library")
const installed = join(place, "node_modules/gantry")

const page = readFileSync(join(root, "docs/library.md"), "utf8")
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)?.[1] ?? `the page has no ${language}`

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: place, encoding: "utf8" })
  return status === 0 ? stdout : `status ${status}: ${stdout}${stderr}`
}

beforeAll(() => {
  run("npm", "pack", root, "--ignore-scripts", "--silent")
  mkdirSync(installed, { recursive: true })
  run(
    "tar",
    "-xzf",
    readdirSync(place).find((name) => name.endsWith(".tgz")) ?? "",
    "-C",
    installed,
    "--strip-components=1",
  )
  writeFileSync(join(place, "package.json"), `{ "type": "module" }`)
  writeFileSync(join(place, "example.ts"), block("ts"))
  run(process.execPath, "build", "example.ts", "--no-bundle", "--outfile", "example.js")
})

test.each(["node", process.execPath])("the page's example prints under %s what the page says", (program) => {
  expect(run(program, "example.js")).toBe(block("text"))
})

/** Calls every function once, with more than nothing to do, and prints what each gave. */
const tour = `
import * as library from "gantry/cdi"
const text = (version, more) => ({
  path: "/etc/cdi/v.yaml",
  bytes: new TextEncoder().encode(
    \`cdiVersion: \${version}\\nkind: v.com/c\\ndevices:\\n- name: a\\n  containerEdits: {env: [A=1, A=2], deviceNodes: [{path: /dev/null}]\${more}}\\n\`,
  ),
})
const whole = library.parseSpec(text("0.5.0", ""))
const one = whole.value.spec
const other = library.parseSpec(text("0.7.0", ", mounts: [{hostPath: /h, containerPath: /c}], additionalGids: [5]")).value.spec
const nowhere = library.locateNowhere("made")
const registry = library.buildRegistry([{ path: "/etc/cdi", files: { ok: true, value: [{ path: "/etc/cdi/v.yaml", bytes: { ok: true, value: text("0.5.0", "").bytes } }] } }])
const unknown = library.resolveDevices(registry, ["v.com/c=b"])
const told = {
  parseSpec: [whole.ok, library.parseSpec(text("9", "")).ok],
  locateNowhere: nowhere(["devices", 0]),
  validateSpec: library.validateSpec({ ...one, kind: "v" }, nowhere),
  adviseSpec: library.adviseSpec({ ...one, kind: "v/c" }, nowhere),
  minimumVersion: library.minimumVersion(other),
  parseVersion: library.parseVersion("v0.6.0"),
  buildRegistry: registry.findings,
  resolveDevices: library.resolveDevices(registry, ["v.com/c=a"]).value.edits,
  collectEdits: library.collectEdits([...registry.devices.values()]).edits,
  isSpecFileName: ["a.yaml", "a.yml"].map(library.isSpecFileName),
  applyEdits: library.applyEdits("{}", other.devices[0].containerEdits, { findHostNode: () => ({ type: "c", major: 1, minor: 3, fileMode: 438 }), bindOwners: "kept", hookEnvironment: [] }),
  renderSpec: ["json", "yaml"].map((format) => library.renderSpec(other, format)),
  mergeEdits: library.mergeEdits([one.devices[0].containerEdits, other.devices[0].containerEdits]),
  mergeSpecs: library.mergeSpecs([one, { ...other, devices: [{ ...other.devices[0], name: "b" }] }]),
  transformRoot: library.transformRoot(other, { from: "/h", to: "/x", relativeTo: "host" }),
  diffSpecs: [library.diffSpecs(one, other), library.diffSpecs(one, one)],
  areEmptyEdits: library.areEmptyEdits(library.noEdits),
  parseQualifiedName: library.parseQualifiedName("v.com/c=a"),
  renderQualifiedName: library.renderQualifiedName("v.com/c", "a"),
  annotateDevices: [...library.annotateDevices(new Map(), { plugin: "p.com", id: "1", devices: ["v.com/c=a"] }).value],
  parseDeviceAnnotations: library.parseDeviceAnnotations(new Map([["cdi.k8s.io/p", "v.com/c=a"]])),
  renderAnnotationKey: library.renderAnnotationKey("p.com", "1"),
  parseEngineRelease: library.parseEngineRelease("cri-o@1.35.1"),
  highestVersionOf: library.highestVersionOf({ engine: "podman", version: "4.3.1" }),
  highestCommonVersion: library.highestCommonVersion([{ engine: "docker", version: "29.0" }]),
  readFault: library.buildRegistry([
    { path: "/etc/cdi", files: { ok: true, value: [{ path: "/etc/cdi/v.yaml", bytes: { ok: false, fault: library.readFault("/etc/cdi/v.yaml", "open", "EACCES") } }] } },
  ]).rejected.flatMap(({ faults }) => faults.map(library.renderFaultLine)),
  placeOf: [library.placeOf(library.parseSpec(text("9", "")).fault[0]), library.placeOf(unknown.fault) ?? "none"],
  faultCode: library.faultCode(unknown.fault),
  renderFaultLine: library.renderFaultLine(unknown.fault),
}
console.log(JSON.stringify(told, (_, value) => (value instanceof Map ? [...value] : value)))
`

test("every function gives the same under Node as under Bun", async () => {
  writeFileSync(join(place, "tour.js"), tour)
  const told = run("node", "tour.js")
  expect(told).toBe(run(process.execPath, "tour.js"))
  const library = await import("../../src/core/library/cdi.ts")
  const functions = Object.entries(library).filter(([, value]) => typeof value === "function")
  expect(Object.keys(JSON.parse(told)).sort()).toEqual(functions.map(([name]) => name).sort())
})

test("it uses nothing of the language that came after Node 20", () => {
  const node20 = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { lib: ["ES2023", "ES2024.String"], types: [] },
    files: [join(root, "src/core/library/cdi.ts")],
    include: [],
  }
  writeFileSync(join(place, "node20.json"), JSON.stringify(node20))
  expect(run(join(root, "node_modules/.bin/tsc"), "-p", "node20.json")).toBe("")
})

test("the types are whole, without those of any system but the console and text encoding", () => {
  writeFileSync(
    join(place, "globals.d.ts"),
    "declare const console: { log(text: string): void }\ndeclare class TextEncoder { encode(text: string): Uint8Array }\n",
  )
  // By a file, so that none of a directory above counts.
  const compilerOptions = {
    noEmit: true,
    strict: true,
    target: "es2022",
    module: "nodenext",
    types: [],
    lib: ["es2024"],
  }
  writeFileSync(
    join(place, "whole.json"),
    JSON.stringify({ compilerOptions, files: ["globals.d.ts", "example.ts"] }),
  )
  expect(run(join(root, "node_modules/.bin/tsc"), "-p", "whole.json")).toBe("")
})

test("the package holds the library and its pages, and imports no system", () => {
  expect(readdirSync(installed).sort()).toEqual(["LICENSE", "README.md", "dist", "docs", "package.json"])
  expect(readdirSync(join(installed, "dist"))).toEqual(["library"])
  const linked = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) =>
    join(installed, "docs", target),
  )
  expect(linked).not.toBeEmpty()
  expect(linked.filter((path) => !existsSync(path))).toEqual([])
  const text = readFileSync(join(installed, "dist/library/cdi.js"), "utf8")
  expect(text).toContain("export {")
  expect(text.match(/^import .*|from "(node|bun).*|require\(.*|\b(process|Bun)\.(?!env in).*/gm)).toBeNull()
})
