/** Which tests go through a place of a source, and how long each takes: so that a change of it need not be tried with all of them. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Mutant } from './mutants.ts'
import type { Reach, Stretch } from './reach-hook.ts'
import { root } from './rooms.ts'

export type Chosen = Pick<Reach, 'file' | 'elapsedMs'> & { readonly test: string }

export const urlOf = (file: string): string => pathToFileURL(join(root, file)).href

export const readReach = (result: string): readonly Reach[] => JSON.parse(readFileSync(result, 'utf8')) as Reach[]

/** The innermost stretch around a place says how often it was gone through; `null` = it did not come there at all. */
const countAt = (stretches: readonly Stretch[], { at }: Mutant): number | null => {
  const around = stretches.filter(({ start, end }) => start <= at && at < end)
  const inner = around.toSorted((one, other) => one.end - one.start - (other.end - other.start))[0]
  return inner?.count ?? null
}

/** The tests that go through a mutant of a file, the quickest first. What runs when files are loaded may be met by any of them. */
export const testsThrough = (reaches: readonly Reach[], file: string, mutant: Mutant): readonly Chosen[] => {
  const url = urlOf(file)
  const isThrough = ({ through }: Reach): boolean => (countAt(through[url] ?? [], mutant) ?? 0) > 0
  const isLoaded = reaches.some((one) => one.test === null && isThrough(one))
  return reaches
    .flatMap((one) => (one.test !== null && (isLoaded || isThrough(one)) ? [{ ...one, test: one.test }] : []))
    .toSorted((one, other) => one.elapsedMs - other.elapsedMs)
}

/** Asked first: as many of the quickest as fit, so that a change that they notice does not wait for long ones. */
const firstMs = 500

/** Tests in two turns, of which the second is for what the first lets through. */
export const inTurns = (tests: readonly Chosen[]): readonly (readonly Chosen[])[] => {
  let sumMs = 0
  const first = tests.filter(({ elapsedMs }, at) => {
    sumMs += elapsedMs
    return at === 0 || sumMs <= firstMs
  })
  return [first, tests.slice(first.length)].filter((turn) => turn.length > 0)
}
