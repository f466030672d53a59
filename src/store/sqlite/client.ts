/** The store on SQLite, as the main thread sees it: every call is a message to one of the threads that may block. */

import { resolve } from 'node:path'
import { uncarried } from '#base/carried-problem.ts'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Ask, Asked, Mailbox } from '#base/mailbox.ts'
import { makeMailbox } from '#base/mailbox.ts'
import { Problem } from '#base/problem.ts'
import type { Store, StoreHealth } from '#store/face.ts'
import { faceOf } from '#store/face.ts'
import type { Health } from '#store/health.ts'
import { makeHealth } from '#store/health.ts'
import type { Execute } from '#store/operations/index.ts'
import { longReads } from '#store/operations/long.ts'
import type { Beside } from './beside.ts'
import { makeBeside } from './beside.ts'
import type { Durability, FromWorker, ToWorker, WorkerSettings } from './message.ts'
import { makeRest } from './rest.ts'
import type { SqliteWorker } from './thread.ts'
import { startSqliteThread } from './thread.ts'

export type SqliteStoreOptions = {
  /** `sqlite:PATH`, relative to the working directory, or `sqlite::memory:`. */
  readonly url: string
  readonly durability: Durability
  /** A thread that was started before, and has no file yet; absent: one is started. */
  readonly thread?: SqliteWorker | undefined
  readonly clock: Clock
  readonly log: Log
  /** Operations that may wait for the worker; default 10,000. */
  readonly queueLengthMax?: number
  /** How long a call waits for its answer before it is given up; default 30 s. */
  readonly answerTimeoutMs?: number
  /** How long a commit waits for another program that holds the file; default 5 s. */
  readonly busyTimeoutMs?: number
}

const queueLengthDefault = 10_000
const answerTimeoutDefaultMs = 30_000
const busyTimeoutDefaultMs = 5000
/** While writes fail, one is tried this often: so the store recovers by itself when the disk has room again. */
const watchEveryMs = 1000
/** What is written once a call's answer is out: in the commit of a later call's hold it costs a third of what it does in one of its own. */
const unhurried = { names: new Set(['settle', 'voidHold', 'append']), waitMs: 3 }

/** @throws Problem `invalid_request_error` for any other url. */
const fileOf = (url: string): string => {
  const match = /^sqlite:(?:\/\/)?(.+)$/.exec(url)
  const path = match?.[1]
  if (path === undefined)
    throw new Problem('invalid_request_error', {
      message: `"${url.slice(0, 40)}" is not a SQLite store. Write "sqlite:./data/drover.db".`,
      param: 'store.url',
    })
  return path === ':memory:' ? path : resolve(path)
}

const ended = (file: string, why: string): Problem =>
  new Problem('store_unavailable', {
    message: `The thread of the store ${file} has ended: ${why}. Restart the server.`,
    retryAfterMs: 5000,
  })

const settingsOf = (options: SqliteStoreOptions, file: string): WorkerSettings => ({
  file,
  durability: options.durability,
  nowMs: options.clock.nowMs(),
  busyTimeoutMs: options.busyTimeoutMs ?? busyTimeoutDefaultMs,
})

type Wiring = {
  readonly mailbox: Mailbox
  /** `null` = the database is in memory, where no other thread sees it. */
  readonly beside: Beside | null
  readonly health: Health
  /** Told every second: has the thread give memory back where it is time for that. */
  readonly rest: () => void
  readonly opening: PromiseWithResolvers<void>
}

const listen = (worker: SqliteWorker, file: string, { mailbox, beside, health, opening }: Wiring): Promise<void> =>
  new Promise((exited) => {
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'open') return opening.resolve()
      if (message.kind === 'failed') {
        health.stop()
        return opening.reject(uncarried(message.problem))
      }
      if (message.kind === 'copied') return beside?.copied(message)
      if (message.writes?.kept === true) health.well()
      if (message.writes?.kept === false) health.unwell(message.writes.why)
      mailbox.answer(message.answers)
      if (message.writes?.kept === true) beside?.wrote(message.answers.length)
    })
    const end = (why: string): void => {
      const problem = ended(file, why)
      health.unwell(problem.message)
      opening.reject(problem)
      mailbox.fail(problem)
    }
    worker.on('error', (error: unknown) => end(error instanceof Error ? error.message : String(error)))
    const left = (why: string): void => {
      end(why)
      exited()
    }
    worker.on('exit', (code) => left(`it left with code ${code}`))
    // One that could not load its program may be gone by now.
    if (worker.threadId < 0) left('its program could not be loaded')
  })

/** Every second: gives up what was not answered in time, tries a write while the store is unwell, and lets the thread rest. */
const watch = ({ mailbox, beside, health, rest }: Wiring, clock: Clock, log: Log): (() => void) => {
  let cancel = (): void => {}
  const look = (): void => {
    rest()
    const expired = mailbox.expire()
    beside?.expire()
    if (expired > 0) health.unwell(`The store did not answer ${expired} operations in time.`)
    // How the write went reaches `health` with the answers, whichever way it went.
    if (!health.state().ok && mailbox.waiting() === 0)
      mailbox
        .ask('probe', clock.nowMs())
        .catch((problem: unknown) => log.debug('the store still fails', { why: String(problem) }))
    cancel = clock.after(watchEveryMs, look)
  }
  cancel = clock.after(watchEveryMs, look)
  return () => cancel()
}

/** The thread with the database, for whoever may ask it: this process, or one that has no database of its own. */
export type SqliteThread = {
  /** Runs an operation of the store by its name. */
  readonly ask: Ask
  readonly health: () => StoreHealth
  /** Finishes what was accepted, then closes. */
  readonly close: () => Promise<void>
}

/** Long reads go to the thread beside, behind what was asked of the other one before. */
const askEither = ({ mailbox, beside }: Wiring): Ask => {
  if (beside === null) return mailbox.ask
  return (name, input, late) => {
    if (!longReads.has(name) || !beside.isThere()) return mailbox.ask(name, input, late)
    if (mailbox.waiting() === 0) return beside.ask(name, input, late)
    return mailbox.ask('turn', null).then(() => beside.ask(name, input, late))
  }
}

/**
 * Starts the thread, makes the file where there is none and brings its schema forward.
 * @throws Problem `store_unavailable` where the file cannot be opened or written, or was written by a newer Drover.
 */
export const openSqliteThread = async (options: SqliteStoreOptions): Promise<SqliteThread> => {
  const { clock, log } = options
  const file = fileOf(options.url)
  const worker = options.thread ?? startSqliteThread()
  const settings = settingsOf(options, file)
  const asking = {
    clock,
    whom: 'The store',
    queueLengthMax: options.queueLengthMax ?? queueLengthDefault,
    answerTimeoutMs: options.answerTimeoutMs ?? answerTimeoutDefaultMs,
  }
  const mayRest = makeRest()
  let askedCount = 0
  const post = (asked: readonly Asked[]): void => {
    askedCount += asked.length
    worker.postMessage({ kind: 'ask', asked } satisfies ToWorker)
  }
  const endLog = (): void => worker.postMessage({ kind: 'copy' } satisfies ToWorker)
  const wiring: Wiring = {
    mailbox: makeMailbox({ ...asking, unhurried, post }),
    beside: file === ':memory:' ? null : makeBeside({ ...asking, settings, log, endLog }),
    health: makeHealth(file, clock, log),
    rest: () => {
      if (mayRest(askedCount)) worker.postMessage({ kind: 'rest' } satisfies ToWorker)
    },
    opening: Promise.withResolvers(),
  }
  const exited = listen(worker, file, wiring)
  worker.ref()
  worker.postMessage({ kind: 'open', settings } satisfies ToWorker)
  await wiring.opening.promise
  const stopWatching = watch(wiring, clock, log)
  return {
    ask: askEither(wiring),
    health: wiring.health.state,
    close: async () => {
      stopWatching()
      wiring.health.stop()
      wiring.mailbox.refuse(new Problem('store_unavailable', { message: 'The store has been closed.' }))
      await wiring.beside?.close()
      worker.postMessage({ kind: 'close' } satisfies ToWorker)
      await exited
    },
  }
}

/** The store over a thread, wherever that is. */
export const storeOver = ({ ask, health, close }: SqliteThread, clock: Clock): Store => ({
  ...faceOf(ask as Execute, clock),
  health,
  close,
})

/** Opens the store. @throws Problem as the thread does. */
export const openSqliteStore = async (options: SqliteStoreOptions): Promise<Store> =>
  storeOver(await openSqliteThread(options), options.clock)
