import { describe, expect, test } from "bun:test"
import type { ParsedConfig } from "../../../src/core/request/create-config.ts"
import { parseConfig } from "../../../src/core/request/parse-config.ts"
import type { ProfileName } from "../../../src/core/request/profile.ts"
import { unwrittenConfig } from "../../../src/core/request/unwritten-config.ts"

describe("config.toml", () => {
  test("a value, and where it stands", () => {
    const parsed = parseConfig(
      '# x\nswarm-resource = "A"\n[nvidia-container-cli]\nno-cgroups = true\n',
      undefined,
    )
    if (!parsed.ok) throw new Error("refused")
    const { config } = parsed.value
    expect(config.value("swarm-resource")).toBe("A")
    expect(config.value("nvidia-container-cli.no-cgroups")).toBe(true)
    expect(config.value("nvidia-container-cli.root")).toBeUndefined()
    expect(config.evidence("nvidia-container-cli.no-cgroups", "false")).toMatchObject({
      value: "true",
      line: 4,
    })
    expect(config.evidence("nvidia-container-cli.root", "/")).toMatchObject({ value: "/", line: undefined })
  })

  test.each<[name: string, profile: ProfileName, text: string, isOk: boolean]>([
    ["unknown keys and tables are ignored", "1.20", 'x = 1\n[y]\nz = "a"\n', true],
    ["a wrong type in any known table", "1.20", "[nvidia-ctk]\npath = 1\n", false],
    ["… which 1.13 does not look at", "1.13", "[nvidia-ctk]\npath = 1\n", true],
    ["a wrong type in the runtime's table", "1.13", "[nvidia-container-runtime]\nmode = 1\n", false],
    ["… which 2020-07 does not look at", "2020-07", "[nvidia-container-runtime]\nmode = 1\n", true],
    ["a number where a string must stand", "2020-07", "swarm-resource = 1\n", false],
    [
      "a key that came later is unknown, hence of any type",
      "2020-07",
      "supported-driver-capabilities = 1\n",
      true,
    ],
    [
      "a list with something else than strings",
      "1.20",
      '[nvidia-container-cli]\nenvironment = ["A=1", 2]\n',
      false,
    ],
    ["a table that is none", "1.20", "features = 1\n", false],
    ["a list of tables where a table must stand", "1.20", '[[nvidia-container-cli]]\npath = "x"\n', false],
    ["ldconfig of the container", "1.20", '[nvidia-container-cli]\nldconfig = "/sbin/ldconfig"\n', false],
    [
      "… allowed by a feature",
      "1.20",
      '[nvidia-container-cli]\nldconfig = "/sbin/ldconfig"\n[features]\nallow-ldconfig-from-container = true\n',
      true,
    ],
    ["… and of no concern before", "1.13", '[nvidia-container-cli]\nldconfig = "/sbin/ldconfig"\n', true],
    ["our own table, in every profile", "2020-07", '[gantry]\nmode = "sometimes"\n', false],
    ["an unknown profile", "1.20", '[gantry]\nprofile = "1.19"\n', false],
  ])("%s (%s): %j is taken: %j", (_, profile, text, isOk) => {
    expect(parseConfig(text, profile).ok).toBe(isOk)
  })

  test("a wrong type names key, line and what is expected", () => {
    const parsed = parseConfig('\n[nvidia-container-cli]\nload-kmods = "yes"\n', "1.20")
    if (parsed.ok) throw new Error("taken")
    expect(parsed.fault.data).toEqual({
      key: "nvidia-container-cli.load-kmods",
      line: 3,
      expected: "true or false",
      found: "a string",
    })
  })

  test.each<[profile: ProfileName, text: string, value: string | undefined]>([
    ["1.20", 'SWARM-RESOURCE = "A"', "A"],
    ["1.20", 'Swarm-Resource = "A"', undefined],
    ["1.13", 'Swarm-Resource = "A"', "A"],
  ])("%s reads the key of %j as %j", (profile, text, value) => {
    const parsed = parseConfig(text, profile)
    expect(parsed.ok && parsed.value.config.value("swarm-resource")).toBe(value as string)
  })

  test("the file chooses the profile, the command line overrules it", () => {
    const text = '[gantry]\nprofile = "1.13"\n'
    const byFile = parseConfig(text, undefined)
    const byFlag = parseConfig(text, "2020-07")
    expect(byFile.ok && byFile.value.profile.name).toBe("1.13")
    expect(byFlag.ok && byFlag.value.profile.name).toBe("2020-07")
  })
})

test.each(["", "\n", "# a comment\n\t # another\n", "  \n#\n#  x = 1\n"])(
  "%j: nothing stands there, and that comes to what parsing it comes to",
  (text) => {
    const unwritten = unwrittenConfig(text, "1.13")
    const parsed = parseConfig(text, "1.13")
    const plain = ({ config, profile }: ParsedConfig): object => ({
      profile,
      gantry: config.gantry,
      evidence: config.evidence("gantry.mode", "active"),
      text: config.text,
    })
    expect(unwritten && plain(unwritten)).toEqual(parsed.ok ? plain(parsed.value) : undefined)
  },
)

test.each(["a", "# a\n[gantry]\n", "# a\r\n", "#\u0000\n", "\u00a0\n"])(
  "%j: something stands there",
  (text) => {
    expect(unwrittenConfig(text, undefined)).toBeUndefined()
  },
)
