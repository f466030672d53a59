/**
 * Loaded before anything else (`--import`): writes down which tests go through which stretches of the files that `DROVER_REACH` names
 * (`{ urls, result }`), and how long each test took. Threads are not followed.
 */

import { writeFileSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { Session } from 'node:inspector'
import { after, afterEach, beforeEach } from 'node:test'

/** Characters from `start` to before `end` were gone through `count` times; what lies within another stretch goes by the inner one. */
export type Stretch = { readonly start: number; readonly end: number; readonly count: number }
export type Reach = {
  readonly file: string
  /** Its name; `null` = none: what ran before the first, as when files are loaded, is what all of them stand on. */
  readonly test: string | null
  readonly elapsedMs: number
  /** By the url of the source. */
  readonly through: Readonly<Record<string, readonly Stretch[]>>
}

const { urls, result } = JSON.parse(process.env['DROVER_REACH'] ?? '') as {
  readonly urls: readonly string[]
  readonly result: string
}
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** What was gone through since it was asked last. */
const taken = (): Reach['through'] => {
  let scripts: readonly Profiler.ScriptCoverage[] = []
  // Answered before the call returns.
  session.post('Profiler.takePreciseCoverage', (_fault, answer) => {
    scripts = answer.result
  })
  return Object.fromEntries(
    scripts
      .filter(({ url }) => urls.includes(url))
      .map(({ url, functions }) => [
        url,
        functions.flatMap(({ ranges }) =>
          ranges.map(({ startOffset, endOffset, count }) => ({ start: startOffset, end: endOffset, count })),
        ),
      ]),
  )
}

const reaches: Reach[] = []
let startedMs = 0
beforeEach(() => {
  // What a test leaves going counts for the next one: to ask twice would take longer than most tests.
  if (reaches.length === 0) reaches.push({ file: '', test: null, elapsedMs: 0, through: taken() })
  startedMs = performance.now()
})
afterEach((context) => {
  const elapsedMs = performance.now() - startedMs
  const file = 'filePath' in context ? (context.filePath ?? '') : ''
  reaches.push({ file, test: context.name, elapsedMs, through: taken() })
})
after(() => writeFileSync(result, JSON.stringify(reaches)))
