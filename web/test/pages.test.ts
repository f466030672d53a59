/**
 * Every page: no violation of axe or of the policy, nothing wider than the window, nothing that jumps, two questions at most. The gate opens each in one of two views that
 * have both languages, themes and widths between them, and measures it at both widths; `npm run test:web-long` opens each in five.
 */

import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page, Request } from 'playwright-core'
import { call } from '../../test/e2e/call.ts'
import { adminKey } from '../../test/e2e/harness.ts'
import type { View, Visit } from './browser.ts'
import { enter, openVisit, settled } from './browser.ts'
import { ownPaths, paths, publicPaths } from './paths.ts'
import type { Stage } from './stage.ts'
import { enterHall } from './stage.ts'

type Shown = Required<Pick<View, 'language' | 'theme' | 'width'>>
const usualViews: readonly Shown[] = [
  { language: 'en', theme: 'light', width: 1440 },
  { language: 'zh-CN', theme: 'dark', width: 360 },
]
/** What `npm run test:web-long` looks at besides. */
const otherViews: readonly Shown[] = [
  { language: 'en', theme: 'dark', width: 360 },
  { language: 'zh-CN', theme: 'light', width: 360 },
  { language: 'zh-CN', theme: 'dark', width: 1440 },
]
const isAll = process.env['DROVER_VIEWS'] === 'all'
const views = isAll ? [...usualViews, ...otherViews] : usualViews
/** Neighbours differ in theme and language. */
const pathsIn = (view: Shown): readonly string[] =>
  isAll ? paths : paths.filter((_path, place) => usualViews[place % usualViews.length] === view)
/** A phone and a desk. */
const widths = [360, 1440] as const

type Violation = { readonly id: string; readonly help: string; readonly nodes: readonly { readonly html: string }[] }
type Axe = { readonly run: (options: object) => Promise<{ readonly violations: readonly Violation[] }> }

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds, a line each. The judge is run by the driver, not as a script of the page. */
async function violationsOn(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { readonly axe: Axe }).axe.run({ resultTypes: ['violations'] }),
  )
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html.slice(0, 200)}`)
}

let stage: Stage
let browser: Browser
let leave: (() => Promise<void>) | undefined
before(async () => {
  ;({ stage, browser, leave } = await enterHall())
})
after(() => leave?.())

/** What moves while a page comes, as a share of the window: less than this nobody sees. */
const shiftMax = 0.02

/** Runs in the browser, before the page: adds up what has moved by itself. */
const watchShifts = (): void => {
  const seen = { shift: 0 }
  Object.assign(globalThis, { seen })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean }
      if (!hadRecentInput) seen.shift += value
    }
  }).observe({ type: 'layout-shift', buffered: true })
}

/** A visit whose pages say what has moved. */
async function openWatched(view: Shown): Promise<Visit> {
  const visit = await openVisit(browser, stage.url, view)
  await visit.context.addInitScript(watchShifts)
  return visit
}

/** What a page may ask the API, beside who is signed in. */
const questionsMax = 2

/** What a page asks until it has settled; asked again in its time, a question is the same one. */
async function questionsOf(page: Page, path: string): Promise<ReadonlySet<string>> {
  const asked = new Set<string>()
  const hear = (request: Request): void => {
    const { pathname, search } = new URL(request.url())
    if (pathname.startsWith('/api/v1/') && pathname !== '/api/v1/session') asked.add(pathname + search)
  }
  page.on('request', hear)
  // What the page before asks until it is gone is no question of this one.
  page.once('framenavigated', () => asked.clear())
  await page.goto(path)
  await settled(page)
  page.off('request', hear)
  return asked
}

/** Charts follow the window some frames later; on a busy machine a few more. */
const framesMax = 60

/** Runs in the browser: by how much the page is wider than the window, once it is drawn. */
const overWhenDrawn = async (frames: number): Promise<number> => {
  const over = (): number => document.documentElement.scrollWidth - document.documentElement.clientWidth
  for (let frame = 0; frame < frames && over() > 0; frame += 1)
    await new Promise((drawn) => requestAnimationFrame(drawn))
  return over()
}

/** What does not fit into the window, at each width. */
async function overflowsOf(page: Page): Promise<readonly string[]> {
  const size = page.viewportSize()
  assert.ok(size !== null)
  const found: string[] = []
  for (const width of widths) {
    await page.setViewportSize({ ...size, width })
    const over = await page.evaluate(overWhenDrawn, framesMax)
    if (over > 0) found.push(`${over} px wider than ${width} px`)
  }
  await page.setViewportSize(size)
  return found
}

/** What is wrong with a page, a line each. */
async function faultsOf({ page, complaints }: Visit, path: string): Promise<readonly string[]> {
  const asked = await questionsOf(page, path)
  const shift = Number(await page.evaluate('seen.shift'))
  const found = [
    ...(shift > shiftMax ? [`moves by ${shift.toFixed(3)} of the window while it comes`] : []),
    ...(await violationsOn(page)),
    ...(await overflowsOf(page)),
    ...complaints.splice(0),
  ]
  return [...found, ...(asked.size <= questionsMax ? [] : [`asks ${[...asked].join(', ')}`])].map(
    (fault) => `${path}: ${fault}`,
  )
}

for (const view of views) {
  describe(`${view.language}, ${view.theme}, ${view.width} px`, () => {
    test('the door', async () => {
      const visit = await openWatched(view)
      assert.deepEqual(await faultsOf(visit, '/'), [])
      assert.equal(await visit.page.getAttribute('html', 'lang'), view.language)
      await visit.context.close()
    })

    test('what anybody may look at', async () => {
      const visit = await openWatched(view)
      const faults: string[] = []
      for (const path of publicPaths) faults.push(...(await faultsOf(visit, path)))
      assert.deepEqual(faults, [])
      await visit.context.close()
    })

    test('every page', async () => {
      const visit = await openWatched(view)
      await enter(visit, { admin_key: adminKey })
      const faults: string[] = []
      for (const path of pathsIn(view)) faults.push(...(await faultsOf(visit, path)))
      assert.deepEqual(faults, [])
      assert.equal(await visit.page.getAttribute('html', 'data-theme'), view.theme)
      await visit.context.close()
    })

    test('pages of somebody who owns a customer', async () => {
      const visit = await openWatched(view)
      await enter(visit, stage.customer)
      const faults: string[] = []
      for (const path of ownPaths) faults.push(...(await faultsOf(visit, path)))
      assert.deepEqual(faults, [])
      await visit.context.close()
    })

    test('what opens over a page', async () => {
      const visit = await openWatched(view)
      await enter(visit, { admin_key: adminKey })
      const { data } = (await stage.ask('/calls?limit=1')) as { readonly data: readonly { readonly id: string }[] }
      assert.deepEqual(await faultsOf(visit, `/requests?call=${data[0]?.id}`), [])
      await visit.page.goto('/')
      await settled(visit.page)
      await visit.page.keyboard.press('Control+k')
      await visit.page.locator('.palette-input').waitFor()
      assert.deepEqual(await violationsOn(visit.page), [], 'axe on the palette')
      assert.deepEqual(visit.complaints, [])
      await visit.context.close()
    })
  })
}

test('each call of the log is one line on a phone, whatever its error and its model are called', async () => {
  const { key } = (await stage.ask('/keys', { name: 'of-a-long-model', test: true })) as { readonly key: string }
  const model = 'a-maker-with-a-long-name/and-a-model-whose-name-is-longer-still-v1.5-instruct'
  const refused = await call(stage.url, { key, body: { model, messages: [] } })
  assert.ok(refused.status >= 400)
  const visit = await openVisit(browser, stage.url, { language: 'en', theme: 'light', width: 390 })
  await enter(visit, { admin_key: adminKey })
  const { page } = visit
  await page.goto('/requests')
  await settled(page)
  await page.getByTitle(model).first().waitFor()
  const rows = page.locator('.table tbody tr')
  const heights = await rows.evaluateAll((all) => all.map((row) => row.getBoundingClientRect().height))
  assert.ok(heights.length >= 10)
  const lineHeight = await rows.first().evaluate((row) => Number.parseFloat(getComputedStyle(row).lineHeight))
  const padding = await page
    .locator('.table tbody td')
    .first()
    .evaluate((cell) => Number.parseFloat(getComputedStyle(cell).paddingTop) * 2)
  assert.ok(Math.max(...heights) < lineHeight * 2 + padding, `rows are ${[...new Set(heights)].join(', ')} px high`)
  assert.equal(await page.evaluate(overWhenDrawn, framesMax), 0)
  await visit.context.close()
})
