// How long the console takes from one page to the next: `bin/drover-node web/test/route-times.ts`. From the click until the frame that shows the next page's
// heading, in Chromium's own time; `first` loads the page's part of the program from the relay, `again` has it. The house holds itself to 100 ms.
import { adminKey } from '../../test/e2e/harness.ts'
import { enter, openVisit, settled, startBrowser } from './browser.ts'
import { startStage } from './stage.ts'

type Jump = { readonly path: string; readonly ms: number }

/** Clicks a link of the menu, in the page, and waits for the frame that has another heading. */
const jump = async (path: string): Promise<number> => {
  const link = document.querySelector<HTMLElement>(`nav a[href^="${path}"]`)
  const before = document.querySelector('h1')?.textContent
  if (link === null) return Number.NaN
  const startedMs = performance.now()
  link.click()
  for (let frame = 0; frame < 600; frame += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve))
    const heading = document.querySelector('h1')?.textContent
    if (heading !== undefined && heading !== before) return performance.now() - startedMs
  }
  return Number.NaN
}

const stage = await startStage()
const browser = await startBrowser()
const visit = await openVisit(browser, stage.url, { language: 'en', theme: 'light', width: 1440 })
await enter(visit, { admin_key: adminKey })
const { page } = visit
await page.goto('/')
await settled(page)
// Each one that opens is one less that is closed.
const closed = page.locator('nav [aria-expanded=false]')
for (let left = await closed.count(); left > 0; left -= 1) await closed.first().click()
const paths = await page
  .locator('nav a')
  .evaluateAll((links) => links.map((link) => new URL((link as HTMLAnchorElement).href).pathname))

const round = async (): Promise<readonly Jump[]> => {
  const jumps: Jump[] = []
  for (const path of [...paths.slice(1), '/']) {
    jumps.push({ path, ms: await page.evaluate(jump, path) })
    await settled(page)
  }
  return jumps
}
const first = await round()
const rounds = [await round(), await round(), await round()]
const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
process.stdout.write('| page | first, ms | again, ms |\n|---|--:|--:|\n')
for (const [at, { path, ms }] of first.entries())
  process.stdout.write(
    `| ${path} | ${ms.toFixed(0)} | ${middle(rounds.map((jumps) => jumps[at]?.ms ?? Number.NaN)).toFixed(0)} |\n`,
  )
await browser.close()
await stage.close()
