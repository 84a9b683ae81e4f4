import { describe, expect, test } from "bun:test"
import { parseQualifiedName } from "../../../../src/core/cdi/rules/qualified-name.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"
import rows from "../../../vectors/cdi/names.json"

const names: readonly { readonly name: string; readonly why?: string }[] = rows

describe("qualified names", () => {
  test.each(names.map(({ name, why }) => [JSON.stringify(name), name, why] as const))(
    "%s",
    (_, name, why) => {
      const parsed = parseQualifiedName(name)
      expect(parsed.ok).toBe(why === undefined)
      if (parsed.ok) expect(`${parsed.value.vendor}/${parsed.value.class}=${parsed.value.device}`).toBe(name)
    },
  )

  test.each([
    ["gpu0", 'unqualified device "gpu0", missing vendor'],
    ["v/=0", 'unqualified device "v/=0", missing class'],
    ["c=", 'unqualified device "c=", missing vendor'],
    ["v/c", 'unqualified device "v/c", missing vendor'],
    ["v/c=", 'unqualified device "v/c=", missing device name'],
    ["v/c=-0", 'invalid device "v/c=-0": invalid device name "-0", should start with a letter or digit'],
    [
      "v/c=d.e:f_g-",
      'invalid device "v/c=d.e:f_g-": invalid device name "d.e:f_g-", should end with a letter or digit',
    ],
    ["v/c=d=e", 'invalid device "v/c=d=e": invalid character \'=\' in device name "d=e"'],
    [
      "v/c=d\u{1f600}",
      'invalid device "v/c=d\u{1f600}": invalid character \'\u{1f600}\' in device name "d\u{1f600}"',
    ],
    [
      "v\u{1f600}/c=d",
      'invalid device "v\u{1f600}/c=d": invalid vendor. invalid character \'\u{1f600}\' in name "v\u{1f600}"',
    ],
    ["v/c.=d", 'invalid device "v/c.=d": invalid class. "c.", should end with a letter or digit'],
    ["1/c=0", 'invalid device "1/c=0": invalid vendor. "1", should start with letter'],
  ])("%s: what is wrong is told", (name, sentence) => {
    const parsed = parseQualifiedName(name)
    expect(parsed.ok ? "" : renderFaultLine(parsed.fault)).toBe(
      `${sentence} [GAN4044]: a qualified name is vendor/class=device, as nvidia.com/gpu=0`,
    )
  })
})
