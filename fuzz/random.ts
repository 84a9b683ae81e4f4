/**
 * Numbers that look random and are the same every time: an input is made from its seed, its target and its index, and from nothing
 * else, so that a failure can be made again. Source: splitmix32, after Guy Steele et al., "Fast splittable pseudorandom number generators".
 */

export interface Random {
  /** 0 to 2^32 - 1. */
  next(): number
  /** 0 to `limit` - 1; 0 when there is no room. */
  below(limit: number): number
  /** One of them; a list may not be empty. */
  pick<T>(list: readonly T[]): T
  /** True once in `times`. */
  once(times: number): boolean
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  const below = (limit: number): number => (limit <= 0 ? 0 : next() % limit)
  return {
    next,
    below,
    pick(list) {
      const index = below(list.length)
      if (index >= list.length) throw new Error("nothing to pick from")
      return list[index] as (typeof list)[number]
    },
    once: (times) => below(times) === 0,
  }
}

/** One number from several; names count by their letters. */
export function mixSeeds(...parts: readonly (number | string)[]): number {
  let hash = 0x811c9dc5
  for (const part of parts)
    for (const character of `${part}\n`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
