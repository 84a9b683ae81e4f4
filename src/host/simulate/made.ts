/** One thing that lies on a simulated machine. A machine is a list of these; who makes it on disk is write-machine.ts. */

interface Owner {
  /** root's when absent. */
  readonly uid?: number
  readonly gid?: number
}

export type Made =
  | ({
      readonly kind: "file"
      readonly path: string
      readonly content: Uint8Array
      readonly mode: number
      /** What is longer than the content is a hole of zeros. Units: bytes. */
      readonly sizeBytes?: number
      /** Line breaks in the place of the hole, so that text stays text. Only for small files. */
      readonly isPadded?: boolean
    } & Owner)
  | ({ readonly kind: "symlink"; readonly path: string; readonly target: string } & Owner)
  | ({
      readonly kind: "node"
      readonly path: string
      readonly major: number
      readonly minor: number
      readonly mode: number
    } & Owner)
  | ({ readonly kind: "directory" | "socket"; readonly path: string; readonly mode: number } & Owner)
