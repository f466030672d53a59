/** What a page of the console is: data, so that menu, routes and command palette are made from one list. */

import type { ComponentType } from 'react'
import type { Session } from '#actions/session.ts'
import type { IconName } from '#parts/icon.tsx'
import type { Word } from '#parts/words.ts'

export const groups = {
  use: ['Use', '使用'],
  money: ['Money', '费用'],
  account: ['Account', '账户'],
  traffic: ['Traffic', '流量'],
  sell: ['Customers', '客户'],
  system: ['System', '系统'],
} as const satisfies Readonly<Record<string, Word>>

export type Page = {
  /** `/keys`; names as `$name`. */
  readonly path: string
  readonly title: Word
  readonly icon: IconName
  readonly group: keyof typeof groups
  /** Other words under which the command palette finds it. */
  readonly also?: string
  /** Who sees it; absent = everybody. */
  readonly isFor?: (session: Session) => boolean
  /** `false` = not in the menu: it is reached from another page. */
  readonly inMenu?: false
  /** Loaded when it is first looked at. */
  readonly load: () => Promise<{ readonly Page: ComponentType }>
}

/** Binds a page's description. */
export const page = (value: Page): Page => value
