import { expect, test } from "bun:test"
import { ok } from "../../../src/core/fault/result.ts"
import { decide, type Sources } from "../../../src/core/plan/decide.ts"

function devicesOf(
  destination: string,
  injector: Sources["injector"],
  gantry = "",
): readonly string[] | string {
  const mounts = [{ source: "/dev/null", destination }]
  const decision = decide({
    profile: undefined,
    mode: "legacy",
    injector,
    readConfig: () => ok(`accept-nvidia-visible-devices-as-volume-mounts = true\n[gantry]\n${gantry}`),
    readState: () => ok('{"pid": 42, "bundle": "/bundle"}'),
    readSpec: () =>
      ok(JSON.stringify({ ociVersion: "1.0.2", process: { env: ["A=b"] }, root: { path: "r" }, mounts })),
    isTegra: () => false,
  })
  return decision.kind === "gpu" ? decision.request.devices : decision.kind
}

const root = "/var/run/nvidia-container-devices"

test.each(["native", "delegate", "configured"] as const)(
  "a mount below the directory asks, served by: %s",
  (injector) => {
    expect(devicesOf(`${root}/0`, injector)).toEqual(["0"])
    expect(devicesOf(`${root}/./0/`, injector)).toEqual(["0"])
    expect(devicesOf(root, injector)).toBe("nothing")
  },
)

test("a mount beside it asks for nothing, unless another tool acts, which takes it for a device", () => {
  for (const [destination, device] of [
    [`${root}0`, "0"],
    [`${root}-of-mine/0`, "-of-mine/0"],
  ] as const) {
    expect(devicesOf(destination, "native")).toBe("nothing")
    expect(devicesOf(destination, "configured")).toBe("nothing")
    expect(devicesOf(destination, "delegate")).toEqual([device])
    expect(devicesOf(destination, "configured", 'injector = "delegate"')).toEqual([device])
    expect(devicesOf(destination, "configured", 'mode = "shadow"')).toEqual([device])
    expect(devicesOf(destination, "native", 'injector = "delegate"')).toBe("nothing")
  }
})
