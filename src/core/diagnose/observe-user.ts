/** A user of a machine by name, with all groups, from the files that every machine has; what a directory service adds is not known. Source: passwd(5), group(5). */

import type { Host } from "../host/host.ts"
import { readText } from "../inventory/proc-text.ts"
import type { EngineUser } from "./access.ts"

/** undefined: the files have no such user. */
export function observeUser(host: Pick<Host, "readFile">, name: string): EngineUser | undefined {
  const linesOf = (path: string): readonly (readonly string[])[] =>
    (readText(host, path) ?? "").split("\n").map((line) => line.split(":"))
  const own = linesOf("/etc/passwd").find(([user, , uid, gid]) => user === name && isId(uid) && isId(gid))
  if (own === undefined) return undefined
  const groups = linesOf("/etc/group").flatMap(([, , gid, members = ""]) =>
    isId(gid) && members.split(",").includes(name) ? [Number(gid)] : [],
  )
  return { uid: Number(own[2]), gids: [...new Set([Number(own[3]), ...groups])] }
}

const isId = (text: string | undefined): boolean => text !== undefined && /^\d{1,10}$/.test(text)
