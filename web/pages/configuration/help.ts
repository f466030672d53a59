/** What is said of a setting below its field: what it is for, of what kind, within which bounds. */

import type { Output } from '#actions/contract.ts'
import type { Language, Word } from '#parts/words.ts'
import { helpInChinese } from './help-in-chinese.ts'

type Field = Output<'settings show'>['fields'][number]

const list: Word = ['with commas between', '以逗号分隔']

/** Kinds of text, as the relay names them. */
const units: Readonly<Record<string, Word>> = {
  duration: ['a duration such as 30s, 15m, 7d', '时长，如 30s、15m、7d'],
  size: ['a size such as 20mb', '大小，如 20mb'],
  amount: ['an amount such as 25.00', '金额，如 25.00'],
  percentage: ['a share such as 5%', '比例，如 5%'],
  percent: ['a share such as 5%', '比例，如 5%'],
  url: ['an address', '网址'],
  day: ['a day such as 2026-11-01', '日期，如 2026-11-01'],
  reference: ['a reference such as env:NAME', '引用，如 env:NAME'],
}

/** `at least 1kb and at most 1gb` in Chinese. */
const boundsInChinese = (range: string): string =>
  range
    .replaceAll('at least ', '至少 ')
    .replaceAll('at most ', '至多 ')
    .replaceAll(/ and |, /g, '，')

export const helpOf = ({ help, kind, unit, range }: Field, language: Language): string => {
  const place = language === 'en' ? 0 : 1
  const form = kind === 'list' ? list[place] : unit === null ? null : (units[unit]?.[place] ?? unit)
  const bounds = range === null || language === 'en' ? range : boundsInChinese(range)
  const facts = [form, bounds].filter((one) => one !== null).join(language === 'en' ? ', ' : '，')
  const told = language === 'en' ? help : (helpInChinese[help] ?? help)
  if (facts === '') return told
  const sentence = told.replace(/[.。]$/, '')
  return language === 'en' ? `${sentence} (${facts}).` : `${sentence}（${facts}）。`
}
