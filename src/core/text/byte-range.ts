/** Part of a file. Units: bytes. */
export interface ByteRange {
  readonly offsetBytes: number
  readonly lengthBytes: number
}
