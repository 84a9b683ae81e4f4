/** An ELF file with one section besides the one of names. */
export function elfWithSection(name: string, content: string): Uint8Array {
  const names = `\0${name}\0.shstrtab\0`
  const bytes = Buffer.alloc(64 + content.length + names.length + 3 * 64)
  bytes.write("\x7fELF\x02\x01\x01", 0, "latin1")
  bytes.writeUInt16LE(62, 18)
  const table = 64 + content.length + names.length
  bytes.writeBigUInt64LE(BigInt(table), 40)
  for (const [at, value] of [
    [58, 64],
    [60, 3],
    [62, 2],
  ] as const)
    bytes.writeUInt16LE(value, at)
  bytes.write(content, 64, "latin1")
  bytes.write(names, 64 + content.length, "latin1")
  const section = (index: number, nameAt: number, offset: number, size: number): void => {
    const at = table + index * 64
    bytes.writeUInt32LE(nameAt, at)
    bytes.writeBigUInt64LE(BigInt(offset), at + 24)
    bytes.writeBigUInt64LE(BigInt(size), at + 32)
  }
  section(1, 1, 64, content.length)
  section(2, name.length + 2, 64 + content.length, names.length)
  return new Uint8Array(bytes)
}
