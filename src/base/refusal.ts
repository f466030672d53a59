/** Refusals that are words and data at once: whoever shows them in another language words the code, everybody else has the English. */

import { accessRefusals } from './access-refusals.ts'
import { moneyRefusals } from './money-refusals.ts'
import { objectRefusals } from './object-refusals.ts'
import { operatorRefusals } from './operator-refusals.ts'
import type { Filling, Sentence } from './sentence.ts'
import { sayer } from './sentence.ts'

const refusals = { ...accessRefusals, ...moneyRefusals, ...objectRefusals, ...operatorRefusals } as const

type Refusals = typeof refusals

/** Says one of them: a part of another, or what is wrapped. */
export const refusalSays = sayer(refusals)

/** What a Problem says: spread into its detail. What is filled in is read by whoever is refused, as the message is. */
export const saying = <C extends keyof Refusals & string>(
  code: C,
  ...given: Filling<Refusals[C]>
): { readonly message: string; readonly said: Sentence } => {
  const said = refusalSays(code, ...given)
  return { message: said.text, said }
}
