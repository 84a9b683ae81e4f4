/**
 * Hooks that a container's config.json has already: an engine that serves CDI devices by itself has written them, or an earlier start of
 * the same bundle. Everything else of a specification can be applied twice, a hook would run twice.
 */

import { isSameKey } from "../../oci/decode.ts"
import type { JsonValue } from "../../oci/json.ts"
import type { ContainerEdits, Hook } from "../spec.ts"

/** The edits without such hooks. `environment`: what a hook without variables was given. */
export function withoutPresentHooks(
  edits: ContainerEdits,
  spec: JsonValue,
  environment: readonly string[],
): ContainerEdits {
  const hooks = memberOf(spec, "hooks")
  const isThere = (hook: Hook): boolean =>
    itemsOf(memberOf(hooks, hook.hookName)).some(
      (item) =>
        textOf(memberOf(item, "path")) === hook.path &&
        areSame(textsOf(memberOf(item, "args")), hook.args) &&
        (areSame(textsOf(memberOf(item, "env")), hook.env) ||
          (hook.env.length === 0 && areSame(textsOf(memberOf(item, "env")), environment))),
    )
  return { ...edits, hooks: edits.hooks.filter((hook) => !isThere(hook)) }
}

const memberOf = (value: JsonValue | undefined, name: string): JsonValue | undefined =>
  value?.kind === "object" ? value.members.findLast(({ key }) => isSameKey(key, name))?.value : undefined
const itemsOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  value?.kind === "array" ? value.items : []
const textOf = (value: JsonValue | undefined): string | undefined =>
  value?.kind === "string" ? value.value : undefined
const textsOf = (value: JsonValue | undefined): readonly (string | undefined)[] => itemsOf(value).map(textOf)
const areSame = (ones: readonly (string | undefined)[], others: readonly string[]): boolean =>
  ones.length === others.length && ones.every((one, index) => one === others[index])
