/** `gantry cdi …`: one action a file beside this one, loaded when it is asked for. */

import { usageFault } from "../flags.ts"
import { tellActions } from "../help/asked-help.ts"
import { report } from "../report.ts"

interface Action {
  run(args: readonly string[]): Promise<number>
}

const actions: Readonly<Record<string, () => Promise<Action>>> = {
  generate: () => import("./cdi-generate.ts"),
  watch: () => import("./cdi-watch.ts"),
  list: () => import("./cdi-list.ts"),
  inspect: () => import("./cdi-inspect.ts"),
  resolve: () => import("./cdi-resolve.ts"),
  validate: () => import("./cdi-validate.ts"),
  verify: () => import("./cdi-verify.ts"),
  inject: () => import("./cdi-inject.ts"),
  diff: () => import("./cdi-diff.ts"),
  transform: () => import("./cdi-transform.ts"),
}

const names = Object.keys(actions)
const shape = {
  program: "gantry cdi",
  usage: `gantry cdi ${names.join("|")} … (each says more with --help)`,
}

export async function run([name = "", ...args]: readonly string[]): Promise<number> {
  if (name === "--help" || name === "-h") return tellActions(shape.program)
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined)
    return report(usageFault(shape, `say ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`))
  return (await action()).run(args)
}
