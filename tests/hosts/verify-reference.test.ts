/** What verify says of specifications that the reference made beside the machines that it made them of: nothing that is not so. */

import { describe, expect, test } from "bun:test"
import { parseCtkGenerate } from "../../src/commands/ctk/ctk-generate-flags.ts"
import { observeForCtk } from "../../src/commands/ctk/make-ctk-spec.ts"
import { buildRegistry } from "../../src/core/cdi/registry/registry.ts"
import { rootUser } from "../../src/core/diagnose/access.ts"
import type { CdiSubject } from "../../src/core/diagnose/cdi-subject.ts"
import { verifyCdi } from "../../src/core/diagnose/verify-cdi.ts"
import { faultCode } from "../../src/core/fault/render.ts"
import { ok } from "../../src/core/fault/result.ts"
import { viewRoot } from "../../src/core/host/root-view.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { encodeUtf8 } from "../../src/core/text/utf8.ts"
import {
  type CdiGenerateVector,
  readCdiGenerate,
  readToldNames,
  relabelAsTold,
} from "../vectors/cdi-generate.ts"
import { openListed } from "./listed-host.ts"

const vectors = readCdiGenerate()

function judge({ host: machine, args, nvml, stdout }: CdiGenerateVector): readonly string[] {
  const call = parseCtkGenerate(
    args,
    () => undefined,
    (named) => named || "/usr/bin/nvidia-cdi-hook",
  )
  if (!call.ok || call.value === "help") throw new Error(`not understood: ${args.join(" ")}`)
  const [name = "", count = "1"] = machine.split(" × ")
  const host = openListed(name, Number(count))
  const seen = observeForCtk(host, call.value)
  const snapshot = nvml === "mock" ? relabelAsTold(seen, readToldNames(vectors, machine)) : seen
  const files = stdout
    .split(/^---\n/m)
    .filter((text) => text.trim() !== "")
    .map((text, index) => ({ path: `/etc/cdi/${index}.yaml`, bytes: ok(encodeUtf8(text)) }))
  const subject: CdiSubject = {
    host,
    snapshot,
    view: viewRoot(host, hostPath("/")),
    engines: [],
    user: rootUser,
    registry: buildRegistry([{ path: "/etc/cdi", files: ok(files) }]),
    directories: [],
    areNamed: true,
    placed: undefined,
    looker: 0,
    unrecorded: new Set(),
    mountinfo: undefined,
    image: undefined,
  }
  return (
    verifyCdi(subject)
      // A folder without libraries is a note, and would be told of every such file.
      .filter(({ severity, fault }) => severity !== "note" || fault.tag === "CdiHookIdle")
      .map(({ severity, fault }) => `${severity} ${faultCode(fault)}`)
  )
}

/** What a command line leaves out or asks for that containers cannot use, and the machines of the records have no hook program. */
const expectedOf = ({ host, args }: CdiGenerateVector): readonly string[] => {
  const line = args.join(" ")
  return [
    "error GAN4110",
    ...(line.includes("--device-id") ? ["warning GAN4132", "warning GAN4133"] : []),
    ...(/--disable-hook=\S*(?:update-ldcache|all)/.test(line) ? ["warning GAN4106"] : []),
    // A whole GPU on which MIG is enabled.
    ...(host === "mig-extras" && /--device-id=[01]$/.test(line) ? ["error GAN4142"] : []),
  ]
}

describe("a specification of nvidia-ctk cdi generate", () => {
  const made = vectors.filter(({ exit }) => exit === 0)

  test("there are eighty-one", () => expect(made).toHaveLength(81))

  test.each(made.map((vector) => [vector.name, vector] as const))(
    "%s has nothing wrong with it but what its command line says",
    (_, vector) => {
      const expected = expectedOf(vector)
      expect(judge(vector).filter((one) => !expected.includes(one))).toEqual([])
    },
  )
})
