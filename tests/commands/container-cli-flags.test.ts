import { describe, expect, test } from "bun:test"
import { type CliCall, parseCliFlags } from "../../src/commands/container-cli-flags.ts"

const parse = (line: string): CliCall => parseCliFlags(line === "" ? [] : line.split(" "))
const given = (line: string): unknown => {
  const call = parse(line)
  return call.kind === "command"
    ? { ...Object.fromEntries(call.global), [call.command]: Object.fromEntries(call.given) }
    : call.kind === "wrong"
      ? call.problem
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
    ["configure --pid=1 --compute /rootfs", { configure: {} }],
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

  test.each<[line: string, problem: string]>([
    ["", "a command is missing"],
    ["-k", "a command is missing"],
    ["frobnicate", "unknown command 'frobnicate'"],
    ["INFO", "unknown command 'INFO'"],
    ["--bad info", "unrecognized option '--bad'"],
    ["-x info", "invalid option -- 'x'"],
    ["-r", "option requires an argument -- 'r'"],
    ["--root", "option '--root' requires an argument"],
    ["--load-kmods=1 info", "option '--load-kmods' doesn't allow an argument"],
    ["--no info", "option '--no' is ambiguous"],
    ["--l info", "option '--l' is ambiguous"],
    // Options of a command do not stand before it, nor global ones after it.
    ["--csv info", "unrecognized option '--csv'"],
    ["info --root=/", "unrecognized option '--root'"],
    ["info extra", "too many arguments: 'extra'"],
    ["list 0", "too many arguments: '0'"],
    ["info -- --csv", "too many arguments: '--csv'"],
    ["list --mig=all", "option '--mig' is ambiguous"],
    ["list --libraries=3", "option '--libraries' doesn't allow an argument"],
    ["list -d", "option requires an argument -- 'd'"],
    ["list --bad --help", "unrecognized option '--bad'"],
    ["list -lx", "invalid option -- 'x'"],
    ["list --=", "unrecognized option '--'"],
  ])("%s is wrong: %s", (line, problem) => {
    expect(parse(line)).toEqual({ kind: "wrong", problem })
  })
})
