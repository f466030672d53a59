/** In which view people go their ways: language, theme, width. */

import { strict as assert } from 'node:assert'
import type { View } from './browser.ts'

export type Shown = Required<Pick<View, 'language' | 'theme' | 'width'>>
export type ViewName = `${'en' | 'zh-CN'} ${'light' | 'dark'} ${360 | 1440}`

/** Both languages, both themes, a phone and a desk. */
export const viewNames: readonly ViewName[] = (['en', 'zh-CN'] as const).flatMap((language) =>
  (['light', 'dark'] as const).flatMap((theme) =>
    ([1440, 360] as const).map((width): ViewName => `${language} ${theme} ${width}`),
  ),
)

const read = (name: ViewName): Shown => {
  const [language, theme, width] = name.split(' ')
  return { language: language as 'en', theme: theme as 'light', width: Number(width) }
}

/**
 * The view of a file. In the gate each file has one of its own, so that together they meet all eight; with `DROVER_VIEW` (`zh-CN dark 360`), as
 * `npm run test:web-long` sets it, every file is in that one.
 */
export function viewOf(own: ViewName): Shown {
  const asked = process.env['DROVER_VIEW']
  if (asked === undefined) return read(own)
  const name = viewNames.find((one) => one === asked)
  assert.ok(name !== undefined, `DROVER_VIEW is one of: ${viewNames.join(', ')}`)
  return read(name)
}
