/** Why a proposed price is taken or left. */

import type { SaidTables } from '#admin/contract.ts'
import { words } from '#parts/words.ts'
import type { SaidWords } from './tell.ts'

const prices = words({
  price_as_is: ['as it is', '与现价相同'],
  price_as_tables: ['as two tables say', '与两份价目表一致'],
  tables_differ: ['the tables differ: {said}', '价目表不一致：{said}'],
  price_of_nothing: [
    'it says 0, and a price of nothing is never taken from a table',
    '价目表写为 0；不会从价目表采用零价',
  ],
  price_over_most: ['{usd} is over 1,000 dollars: a slip of the point', '{usd} 超过 1,000 美元：小数点可能有误'],
  price_hundredfold: [
    '{usd} is {current} changed a hundredfold or more: a slip of the point',
    '{usd} 与 {current} 相差百倍以上：小数点可能有误',
  ],
  one_table: ['only {source} says it', '仅 {source} 一份价目表有此价'],
  nothing_to_compare: ['there is no price to compare it with', '没有可比较的现价'],
  price_twofold: ['it changes twofold or more, from {from} to {to}', '变动达两倍以上：由 {from} 到 {to}'],
  tables_agree: [
    'two tables agree within 1 %, and it changes less than twofold',
    '两份价目表相差不超过 1%，且变动不到两倍',
  ],
  tables_older: ['{tables}: older than the price in force, which began on {day}', '{tables}：早于 {day} 起生效的现价'],
  price_by_time: ['its price changes with the time of day, which no table has', '其价格随时段变化，价目表不含此信息'],
  of_rate: ['{rate:rate}: {why}', '{rate:rate}：{why}'],
})

export const priceWords: SaidWords<SaidTables['price'], typeof prices> = prices
