/** Bytes changed by chance: single bytes, pieces left out, doubled, or taken from a list of what readers stumble over. */

import { Buffer } from 'node:buffer'

export type Chance = () => number

/** `DROVER_FUZZ_SEED` and `DROVER_FUZZ_RUNS` try others, and more. */
export const fuzzSeed = Number(process.env['DROVER_FUZZ_SEED'] ?? 1)
export const fuzzRuns = (otherwise: number): number => Number(process.env['DROVER_FUZZ_RUNS'] ?? otherwise)

export const pickOf = <T>(chance: Chance, list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T

/** One to `most` changes. */
export const changed = (
  bytes: Buffer,
  {
    chance,
    splices,
    most = 3,
  }: { readonly chance: Chance; readonly splices: readonly string[]; readonly most?: number },
): Buffer => {
  let now = bytes
  for (let left = 1 + Math.floor(chance() * most); left > 0; left -= 1) {
    const at = Math.floor(chance() * (now.length + 1))
    const rest = now.subarray(at)
    const how = Math.floor(chance() * 5)
    const cut = Math.floor(chance() * Math.min(12, rest.length))
    const put = [
      () => Buffer.from(pickOf(chance, splices)),
      () => Buffer.of(Math.floor(chance() * 256)),
      () => Buffer.alloc(0),
      () => Buffer.concat([rest.subarray(0, cut), rest.subarray(0, cut)]),
      () => Buffer.from(String(rest[0] ?? '')),
    ][how]
    now = Buffer.concat([
      now.subarray(0, at),
      put?.() ?? Buffer.alloc(0),
      how === 0 && chance() < 0.5 ? rest : rest.subarray(cut),
    ])
  }
  return now
}
