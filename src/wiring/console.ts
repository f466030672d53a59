/** The console: served from memory where it is built; where it is not, a checkout builds it while the relay already serves. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { PageEndpoint } from '#http/page.ts'
import { page, pageHeaders } from '#http/page.ts'
import type { ConsoleSettings } from '#http/settings.ts'
import type { Site } from '#http/site.ts'
import { readSite, siteAnswer } from '#http/site.ts'
import type { Machine } from './machine.ts'
import type { Seat } from './workers/seat.ts'

/** Paths whose unknown names are an error in JSON for everybody, browsers too. */
const notPages = ['/v1', '/v1beta', '/anthropic', '/api', '/health', '/metrics', '/assets', '/payments']

const buildTimeoutMs = 15 * 60_000
const talkCharactersMax = 4_000

export type ConsoleParts = {
  readonly settings: ConsoleSettings
  readonly log: Log
  /** Of several workers the first one makes it. */
  readonly seat: Seat | null
}

type Built = { readonly code: number | null; readonly talk: string }

/** Runs the builder as a child of the lowest priority; it says `built` or `fresh` on its last line. */
const runBuilder = ({ environment, stopping, root }: Machine): Promise<Built> =>
  new Promise((resolve) => {
    const builder = fileURLToPath(new URL('web/build.ts', root))
    const child = spawn(process.execPath, [builder], {
      env: { ...environment, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: buildTimeoutMs,
      signal: stopping,
    })
    let talk = ''
    const hear = (text: string): void => {
      talk = `${talk}${text}`.slice(-talkCharactersMax)
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    child.once('error', (error) => resolve({ code: null, talk: error.message }))
    child.once('close', (code) => resolve({ code, talk }))
  })

const note = (sentence: string): string => `<p class="lead">${sentence}</p>`

const notes = {
  making: note('Its console is being made, once, in the background: this page becomes the console by itself.'),
  none: '',
}

/** The page that is shown while there is no console. */
const quickstartAnswer = (html: string, isMaking: boolean) => {
  const shown = html.replace('<!-- console -->', isMaking ? notes.making : notes.none)
  const headers = { ...pageHeaders('text/html; charset=utf-8'), ...(isMaking ? { refresh: '5' } : {}) }
  return { status: 200, headers, body: Buffer.from(shown) }
}

/** What the console is made of at this moment. */
export type ConsoleRoom = {
  /** `/`, its files, and whatever page a browser asks for: where administration is served. */
  readonly endpoints: readonly Endpoint<PageEndpoint>[]
  /** `/` where only callers are served. */
  readonly quickstart: Endpoint<PageEndpoint>
  /** Looks whether it is there and as new as its sources, and has it made where it is not; `closing` waits for its end. */
  readonly make: (closing: AsyncDisposableStack) => void
}

/** Reads what is built. Nothing is built before `make`. */
export const openConsole = async (machine: Machine, { settings, log, seat }: ConsoleParts): Promise<ConsoleRoom> => {
  const { root, environment, stopping } = machine
  const folder = new URL('web/dist/', root)
  const quickstart = await readFile(new URL('assets/quickstart.html', root), 'utf8')
  let site: Site | null = await readSite(folder)
  let isMaking = false
  const isWanted = settings.build === 'on' || (settings.build === 'auto' && environment['NODE_ENV'] !== 'test')
  const canBe = isWanted && existsSync(new URL('web/build.ts', root))
  const isOthers = seat !== null && seat.number > 1
  seat?.answer('consoleMade', async () => {
    site = await readSite(folder)
    isMaking = false
  })
  const made = async (): Promise<void> => {
    if (!canBe) return
    const { code, talk } = await runBuilder(machine)
    isMaking = false
    if (stopping.aborted) return
    if (code !== 0) {
      const why = talk.trim().split('\n').at(-1) ?? ''
      log.warn("the console could not be made; the relay serves without it. 'npm run build:console' tries again", {
        why,
      })
      return
    }
    if (!talk.trim().endsWith('built')) return
    site = await readSite(folder)
    log.info('the console is made', {})
  }
  const tellOthers = async (): Promise<void> => {
    if (seat === null || stopping.aborted) return
    await seat.others('consoleMade', null).catch((problem: unknown) => log.debug('workers were not told', { problem }))
  }
  /** It may have been made before this worker could be told. */
  const lookAgain = async (): Promise<void> => {
    site ??= await readSite(folder)
    isMaking = canBe && site === null
  }
  const main: PageEndpoint['answer'] = (inbound) => {
    if (site !== null) return siteAnswer(site, 'index.html', inbound)
    if (inbound.path === '/') return quickstartAnswer(quickstart, isMaking)
    throw new Problem('not_found', { message: `There is nothing at ${inbound.path.slice(0, 128)}.` })
  }
  const file: PageEndpoint['answer'] = (inbound) => {
    if (site !== null) return siteAnswer(site, inbound.path.slice(1), inbound)
    throw new Problem('not_found', { message: 'There is no console here yet.' })
  }
  return {
    make: (closing) => {
      isMaking = canBe && site === null
      const making = isOthers ? lookAgain() : made().then(tellOthers)
      closing.defer(() => making)
    },
    quickstart: { ...page('/', () => quickstartAnswer(quickstart, false)), unlisted: true },
    endpoints: [
      { ...page('/', main), unlisted: true, pagesExcept: notPages },
      { ...page('/assets/{file}', file), unlisted: true },
      { ...page('/favicon.svg', file), unlisted: true },
    ],
  }
}
