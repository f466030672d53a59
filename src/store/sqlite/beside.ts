/**
 * A second thread on the same file, for what calls must not wait for: reads over many rows, and copying the write-ahead log back into the
 * database, meanwhile SQLite lets the other thread write on. It is started when there is something of either to do.
 */

import type { Log } from '#base/log.ts'
import type { Ask, Mailbox, MailboxSettings } from '#base/mailbox.ts'
import { makeMailbox } from '#base/mailbox.ts'
import { Problem } from '#base/problem.ts'
import type { Copied } from './copy-back.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './message.ts'
import type { SqliteWorker } from './thread.ts'
import { startSqliteThread } from './thread.ts'

/** Written operations after which the log is copied back: 8 to 16 MiB of it, in which the same few pages stand again and again. */
const operationsPerCopy = 1_024

export type Beside = {
  /** Runs a read by its name. What was written before is there for it once its commit was answered. */
  readonly ask: Ask
  /** Whether it can be asked: a thread that has ended is not started again. */
  readonly isThere: () => boolean
  /** So many operations were committed by the other thread. */
  readonly wrote: (operations: number) => void
  /** The other thread has copied what was left. */
  readonly copied: (how: Copied) => void
  readonly expire: () => void
  /** Answers what was asked, then ends. */
  readonly close: () => Promise<void>
}

export type BesideSettings = Omit<MailboxSettings, 'post' | 'unhurried'> & {
  readonly settings: WorkerSettings
  readonly log: Log
  /** Has the other thread copy what is left, so that the log begins anew. */
  readonly endLog: () => void
  /** Starts the thread; for tests. */
  readonly start?: () => SqliteWorker
}

/** What the thread has to do with the rest: told when it has copied, and when it is gone. */
type Hearing = {
  readonly mailbox: Mailbox
  readonly copied: (how: Copied) => void
  readonly gone: (why: string) => void
}

const listen = (worker: SqliteWorker, { mailbox, copied, gone }: Hearing): Promise<void> =>
  new Promise((exited) => {
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'answers') mailbox.answer(message.answers)
      else if (message.kind === 'copied') copied(message)
      else if (message.kind === 'open') worker.postMessage({ kind: 'rest' } satisfies ToWorker)
      else if (message.kind === 'failed') gone(message.problem.message)
    })
    worker.on('error', (error: unknown) => gone(error instanceof Error ? error.message : String(error)))
    worker.on('exit', (code) => {
      gone(`it left with code ${code}`)
      exited()
    })
  })

const startReading = (): SqliteWorker => startSqliteThread(undefined, 'drover-reads')

/** A second thread that has not been needed yet. */
export const makeBeside = ({ settings, log, endLog, start = startReading, ...rest }: BesideSettings): Beside => {
  let running: { readonly worker: SqliteWorker; readonly exited: Promise<void> } | null = null
  let isGone = false
  let isCopying = false
  let uncopied = 0

  const begin = (): NonNullable<typeof running> => {
    const worker = start()
    const exited = listen(worker, { mailbox, copied, gone })
    worker.postMessage({ kind: 'open', settings: { ...settings, isBeside: true } } satisfies ToWorker)
    return { worker, exited }
  }
  const send = (message: ToWorker): void => {
    running ??= begin()
    running.worker.postMessage(message)
  }
  const mailbox = makeMailbox({ ...rest, post: (asked) => send({ kind: 'ask', asked }) })
  const copied = ({ why, isLogFull }: Copied): void => {
    // One that is full is being copied until the other thread has done its part.
    isCopying = isLogFull
    if (isLogFull) endLog()
    if (why !== null) log.debug('the log of writes could not be copied back', { file: settings.file, why })
  }
  const gone = (why: string): void => {
    if (isGone) return
    isGone = true
    mailbox.fail(
      new Problem('store_unavailable', {
        message: `The thread that reads ${settings.file} has ended: ${why}.`,
        retryAfterMs: 1000,
      }),
    )
    log.warn('long reads go through the thread that writes: the one for them has ended', { file: settings.file, why })
  }

  return {
    ask: mailbox.ask,
    isThere: () => !isGone,
    wrote: (operations) => {
      uncopied += operations
      if (isGone || isCopying || uncopied < operationsPerCopy) return
      isCopying = true
      uncopied = 0
      send({ kind: 'copy' })
    },
    copied,
    expire: mailbox.expire,
    close: async () => {
      mailbox.refuse(new Problem('store_unavailable', { message: 'The store has been closed.' }))
      if (running === null || isGone) return
      isGone = true
      running.worker.postMessage({ kind: 'close' } satisfies ToWorker)
      await running.exited
    },
  }
}
