/** Bytes of an ELF file that are written field by field, little-endian, whose addresses are as wide as the class says. */

export interface ElfRecord {
  readonly bytes: Uint8Array
  half(at: number, value: number): void
  word(at: number, value: number): void
  address(bits: 32 | 64, at: number, value: number): void
}

export function createRecord(sizeBytes: number): ElfRecord {
  const bytes = new Uint8Array(sizeBytes)
  const view = new DataView(bytes.buffer)
  return {
    bytes,
    half: (at, value) => view.setUint16(at, value, true),
    word: (at, value) => view.setUint32(at, value, true),
    address(bits, at, value) {
      view.setUint32(at, value, true)
      if (bits === 64) view.setUint32(at + 4, Math.floor(value / 2 ** 32), true)
    },
  }
}
