import { describe, expect, test } from "bun:test"
import { type CliCall, parseCliFlags } from "../../../src/commands/container-cli/container-cli-flags.ts"

const parse = (line: string): CliCall => parseCliFlags(line === "" ? [] : line.split(" "))
const given = (line: string): unknown => {
  const call = parse(line)
  return call.kind === "command"
    ? {
        ...Object.fromEntries(call.global),
        [call.command]: Object.fromEntries(call.given),
        ...(call.command === "configure" ? { root: call.rawRootPath } : {}),
      }
    : call.kind === "wrong"
      ? call.sentence
      : call.kind
}

describe("the command line of nvidia-container-cli", () => {
  test.each<[line: string, understood: unknown]>([
    ["info", { info: {} }],
    ["info --csv", { info: { csv: [""] } }],
    ["-k -n list", { "load-kmods": [""], "no-pivot": [""], list: {} }],
    ["-kn list", { "load-kmods": [""], "no-pivot": [""], list: {} }],
    ["-r /x list", { root: ["/x"], list: {} }],
    ["-r/x list", { root: ["/x"], list: {} }],
    ["-kr/x list", { "load-kmods": [""], root: ["/x"], list: {} }],
    ["--root=/x list", { root: ["/x"], list: {} }],
    ["--root /x list", { root: ["/x"], list: {} }],
    ["--roo /x list", { root: ["/x"], list: {} }],
    ["--ldc=/x list", { ldcache: ["/x"], list: {} }],
    ["-u list", { user: [""], list: {} }],
    ["-u1000:1000 list", { user: ["1000:1000"], list: {} }],
    ["--user=x list", { user: ["x"], list: {} }],
    ["--user list", { user: [""], list: {} }],
    ["-d list list", { debug: ["list"], list: {} }],
    ["--no-create-imex-channels list", { "no-create-imex-channels": [""], list: {} }],
    ["list -d 0 -d 1", { list: { device: ["0", "1"] } }],
    ["list -d0,1 --device=2", { list: { device: ["0,1", "2"] } }],
    ["list --device=", { list: { device: [""] } }],
    ["list -lbif", { list: { libraries: [""], binaries: [""], ipcs: [""], firmwares: [""] } }],
    ["list -ld 0", { list: { libraries: [""], device: ["0"] } }],
    ["list --lib --bin", { list: { libraries: [""], binaries: [""] } }],
    ["list --mig-c=all --mig-m all", { list: { "mig-config": ["all"], "mig-monitor": ["all"] } }],
    ["list --imex-channel=0,1", { list: { "imex-channel": ["0,1"] } }],
    ["list -d --libraries", { list: { device: ["--libraries"] } }],
    ["list --no-p --no-f", { list: { "no-persistenced": [""], "no-fabricmanager": [""] } }],
    [
      "configure --pid=1 --compute /rootfs --utility",
      { configure: { pid: ["1"], compute: [""], utility: [""] }, root: "/rootfs" },
    ],
    [
      "-k -u0:0 configure -cuvgDn -p1 -d 0,1 -d2 -r cuda>=12 -r x -l@/sbin/ldconfig /r",
      {
        "load-kmods": [""],
        user: ["0:0"],
        configure: {
          compute: [""],
          utility: [""],
          video: [""],
          graphics: [""],
          display: [""],
          ngx: [""],
          pid: ["1"],
          device: ["0,1", "2"],
          require: ["cuda>=12", "x"],
          ldconfig: ["@/sbin/ldconfig"],
        },
        root: "/r",
      },
    ],
    [
      "configure --no-cg --no-d --no-p --no-f --no-g --no-cn --cu=mount --compat32 --im=1 --mig-c=all --mig-m=all /r",
      {
        configure: {
          "no-cgroups": [""],
          "no-devbind": [""],
          "no-persistenced": [""],
          "no-fabricmanager": [""],
          "no-gsp-firmware": [""],
          "no-cntlibs": [""],
          "cuda-compat-mode": ["mount"],
          compat32: [""],
          "imex-channel": ["1"],
          "mig-config": ["all"],
          "mig-monitor": ["all"],
        },
        root: "/r",
      },
    ],
    ["configure -- --rootfs", { configure: {}, root: "--rootfs" }],
    ["configure --help", "help"],
    ["list --no-g", { list: { "no-gsp-firmware": [""] } }],
    ["-- list -b", { list: { binaries: [""] } }],
    ["list --", { list: {} }],
    ["--help", "help"],
    ["-?", "help"],
    ["--usage", "usage"],
    ["--version", "version"],
    ["-V", "version"],
    ["list --help", "help"],
    ["info --usa", "usage"],
    // Answered where it is met; what follows is not read.
    ["--version --help", "version"],
    ["--help --bad", "help"],
    ["list --usage --bad", "usage"],
    ["-V frobnicate", "version"],
  ])("%s", (line, understood) => {
    expect(given(line)).toEqual(understood as never)
  })

  const program = "nvidia-container-cli"
  const usage = `Usage: ${program} [OPTION...] COMMAND [ARG...]`
  test.each<[line: string, program: string, sentence: string]>([
    ["", program, `${usage}: a command is missing`],
    ["-k", program, `${usage}: a command is missing`],
    ["frobnicate", program, `${usage}: unknown command 'frobnicate'`],
    ["- list", program, `${usage}: unknown command '-'`],
    ["INFO", program, `${usage}: unknown command 'INFO'`],
    ["--bad info", program, `${program}: unrecognized option '--bad'`],
    ["--bad=3 info", program, `${program}: unrecognized option '--bad=3'`],
    ["-x info", program, `${program}: invalid option -- 'x'`],
    ["-r", program, `${program}: option requires an argument -- 'r'`],
    ["--root", program, `${program}: option '--root' requires an argument`],
    ["--load-kmods=1 info", program, `${program}: option '--load-kmods' doesn't allow an argument`],
    [
      "--no info",
      program,
      `${program}: option '--no' is ambiguous; possibilities: '--no-pivot' '--no-create-imex-channels'`,
    ],
    ["--l info", program, `${program}: option '--l' is ambiguous; possibilities: '--load-kmods' '--ldcache'`],
    // Options of a command do not stand before it, nor global ones after it.
    ["--csv info", program, `${program}: unrecognized option '--csv'`],
    ["info --root=/", `${program} info`, `${program} info: unrecognized option '--root=/'`],
    ["info extra", `${program} info`, `${program} info: Too many arguments: 'extra'`],
    ["list 0", `${program} list`, `${program} list: Too many arguments: '0'`],
    ["list -", `${program} list`, `${program} list: Too many arguments: '-'`],
    ["info -- --csv", `${program} info`, `${program} info: Too many arguments: '--csv'`],
    [
      "list --mig=all",
      `${program} list`,
      `${program} list: option '--mig=all' is ambiguous; possibilities: '--mig-config' '--mig-monitor'`,
    ],
    [
      "list --no",
      `${program} list`,
      `${program} list: option '--no' is ambiguous; possibilities: '--no-persistenced' '--no-fabricmanager' '--no-gsp-firmware'`,
    ],
    ["list --lib=3", `${program} list`, `${program} list: option '--libraries' doesn't allow an argument`],
    ["list -d", `${program} list`, `${program} list: option requires an argument -- 'd'`],
    ["list --device", `${program} list`, `${program} list: option '--device' requires an argument`],
    ["list --bad --help", `${program} list`, `${program} list: unrecognized option '--bad'`],
    ["list -lx", `${program} list`, `${program} list: invalid option -- 'x'`],
    [
      "configure --compute",
      `${program} configure`,
      `Usage: ${program} configure [OPTION...] ROOTFS: the root file system is missing`,
    ],
    [
      "configure /a /b",
      `${program} configure`,
      `Usage: ${program} configure [OPTION...] ROOTFS: too many arguments: '/b'`,
    ],
    [
      "configure --no-c /r",
      `${program} configure`,
      `${program} configure: option '--no-c' is ambiguous; possibilities: '--no-cgroups' '--no-cntlibs'`,
    ],
    // Options of other commands.
    ["configure -b /r", `${program} configure`, `${program} configure: invalid option -- 'b'`],
    ["configure --csv /r", `${program} configure`, `${program} configure: unrecognized option '--csv'`],
    ["configure --root=/ /r", `${program} configure`, `${program} configure: unrecognized option '--root=/'`],
    ["list --=", `${program} list`, `${program} list: unrecognized option '--='`],
  ])("%s is wrong: %s", (line, of, sentence) => {
    expect(parse(line)).toEqual({ kind: "wrong", program: of, sentence })
  })

  test("the words behind a command are counted as they stand", () => {
    const count = (line: string): unknown => {
      const call = parse(line)
      return call.kind === "command" && call.command !== "configure" ? call.wordCount : call.kind
    }
    expect(["list", "-k list", "list -d 0", "list --device=0", "list --"].map(count)).toEqual([0, 0, 2, 1, 1])
  })
})
