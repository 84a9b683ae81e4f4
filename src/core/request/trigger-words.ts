/**
 * Words of which a container's config.json has at least one if it is to be changed. The launcher looks for them without parsing: what has
 * none of them is passed on.
 */

import { splitList } from "../text/space.ts"
import { defaultAnnotationPrefixes } from "./annotations.ts"
import type { Config } from "./config.ts"

/** Names of variables of the images, of the toolkit's hooks, and the directory whose mounts ask for devices. */
const everyWord = ["NVIDIA_", "CUDA_VERSION", "nvidia-container"]
/** What every encoder writes as it is. */
const isPlain = (word: string): boolean => /^[A-Za-z0-9_.:/=+-]+$/.test(word)

/** undefined: one of them could be written in another way, and only a parser would find it. */
export function triggerWords(config: Config): readonly string[] | undefined {
  const resources = splitList(config.value("swarm-resource") ?? "")
  const prefixes =
    config.value("nvidia-container-runtime.modes.cdi.annotation-prefixes") ?? defaultAnnotationPrefixes
  const words = [...new Set([...everyWord, ...resources, ...prefixes])]
  return words.every(isPlain) ? words : undefined
}

/** As the launcher judges it, or more: an escape could hide a word. `config` undefined: it cannot be read. */
export function mayAskForGpu(spec: string, config: Config | undefined): boolean {
  const words = config === undefined ? [...everyWord, ...defaultAnnotationPrefixes] : triggerWords(config)
  return words === undefined || /\\[u/]/.test(spec) || words.some((word) => spec.includes(word))
}
