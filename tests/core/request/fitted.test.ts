import { expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { profileNames } from "../../../src/core/request/profile.ts"
import { readVectors } from "../../vectors/vector.ts"

/** The interface's own words: these stand in code and in records alike. Anything else that does was fitted to the records. */
const interfaceWords = new Set(
  `/dev/null /run/nvidia/driver no-cgroups load-kmods no-pivot relative /etc/ld.so.cache /var/run/nvidia-container-devices @/sbin/ldconfig CAP_SYS_ADMIN CUDA_VERSION
  NVIDIA_CTK_CONFIG_FILE_PATH NVIDIA_DISABLE_REQUIRE NVIDIA_DRIVER_CAPABILITIES NVIDIA_VISIBLE_DEVICES NVIDIA_IMEX_CHANNELS
  NVIDIA_REQUIRE_ NVIDIA_REQUIRE_CUDA NVIDIA_REQUIRE_JETPACK Process XDG_CONFIG_HOME bundle bundlePath capabilities compat32 compute
  config.json containerID jit-cdi disabled display driver environment features gidMappings graphics hostID ldcache ldconfig legacy noexec
  nosuid nvidia-container-cli nvidia-ctk ociVersion process root:video uidMappings utility version swarm-resource disable-require
  supported-driver-capabilities accept-nvidia-visible-devices-as-volume-mounts
  accept-nvidia-visible-devices-envvar-when-unprivileged mounts destination cuda-compat-mode annotations options no-additional-gids-for-device-nodes source`.split(
    /\s+/,
  ),
)
const isInterface = (word: string): boolean =>
  interfaceWords.has(word) ||
  /^(nvidia-container-(cli|runtime|runtime-hook)|features)(\.[a-z-]+)*$/.test(word)

const sources = (directory: string): string =>
  readdirSync(directory, { withFileTypes: true })
    .map((entry) =>
      entry.isDirectory()
        ? sources(join(directory, entry.name))
        : entry.name.endsWith(".ts")
          ? readFileSync(join(directory, entry.name), "utf8")
          : "",
    )
    .join("\n")

test("no string of the sources occurs in records only", () => {
  const words = new Set<string>()
  for (const profile of profileNames)
    for (const { config, state, spec, files, hook_env } of readVectors(
      join(import.meta.dir, `../../vectors/hook/${profile}.jsonl.gz`),
    ))
      for (const text of [
        config,
        state,
        spec ?? "",
        JSON.stringify(files ?? ""),
        JSON.stringify(hook_env ?? ""),
      ])
        for (const [word] of text.matchAll(/[A-Za-z0-9_@.:/=-]{6,}/g)) words.add(word)
  expect(words.size).toBeGreaterThan(1000)
  const literals = [
    ...sources(join(import.meta.dir, "../../../src")).matchAll(/["'`]([A-Za-z0-9_@.:/=-]{6,})["'`]/g),
  ].map((match) => match[1] ?? "")
  expect(literals.length).toBeGreaterThan(300)
  expect([...new Set(literals)].filter((literal) => words.has(literal) && !isInterface(literal))).toEqual([])
})
