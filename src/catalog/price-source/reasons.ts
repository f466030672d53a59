/** Why a proposed price is taken or left: by code, in English. Each code is worded in the console as well. Amounts are in USD, as decimals. */

import type { Sentence } from '#base/sentence.ts'
import { sayer } from '#base/sentence.ts'

export const priceReasons = {
  price_as_is: () => 'as it is',
  price_as_tables: () => 'as two tables say',
  tables_differ: ({ said }: { said: readonly string[] }) => `the tables differ: ${said.join(', ')}`,
  price_of_nothing: () => 'it says 0, and a price of nothing is never taken from a table',
  price_over_most: ({ usd }: { usd: string }) => `${usd} is over 1,000 dollars: a slip of the point`,
  price_hundredfold: ({ usd, current }: { usd: string; current: string }) =>
    `${usd} is ${current} changed a hundredfold or more: a slip of the point`,
  one_table: ({ source }: { source: string }) => `only ${source} says it`,
  nothing_to_compare: () => 'there is no price to compare it with',
  price_twofold: ({ from, to }: { from: string; to: string }) => `it changes twofold or more, from ${from} to ${to}`,
  tables_agree: () => 'two tables agree within 1 %, and it changes less than twofold',
  tables_older: ({ tables, day }: { tables: readonly string[]; day: string }) =>
    `${tables.join(', ')}: older than the price in force, which began on ${day}`,
  price_by_time: () => 'its price changes with the time of day, which no table has',
  of_rate: ({ rate, why }: { rate: string; why: Sentence }) => `${rate}: ${why.text}`,
} as const

export const priceReason = sayer(priceReasons)
