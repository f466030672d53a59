/** The store's thread: SQLite blocks whoever calls it, so nobody but this thread does. */

import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import type { MessagePort } from 'node:worker_threads'
import { parentPort } from 'node:worker_threads'
import { carried } from '#base/carried-problem.ts'
import type { Asked } from '#base/mailbox.ts'
import { makeOperations } from '#store/operations/index.ts'
import { runBatch, runBeside } from './batch.ts'
import { storeProblem } from './failure.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './message.ts'
import type { OpenDatabase } from './open-database.ts'
import { openBeside, openDatabase } from './open-database.ts'

/** More than this in one commit gains nothing, and lets the first wait for the last. */
const operationsPerCommitMax = 1000

/**
 * A log that is copied to its end begins anew with the next commit, which waits while SQLite syncs that: some 10 ms. So it is not sought
 * before there are 64 MiB of it; then what was written while it was copied is copied at once, and so on.
 */
const renewedPagesMin = 16_384
const copiesMax = 8

const copyBack = (database: DatabaseSync): string | null => {
  try {
    for (let copies = 0; copies < copiesMax; copies += 1) {
      const [state] = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').all()
      const pages = Number(state?.['log'] ?? 0)
      if (pages < renewedPagesMin || pages === Number(state?.['checkpointed'])) break
    }
    return null
  } catch (error) {
    return storeProblem(error).message
  }
}

const tell = (port: MessagePort, message: FromWorker): void => port.postMessage(message)

const serve = (port: MessagePort, { database, kysely }: OpenDatabase, run: typeof runBatch): void => {
  const ground = { database, kysely, operations: makeOperations() }
  // Bounded by the client, which refuses calls beyond its `queueLengthMax`.
  const waiting: Asked[] = []
  let running = false
  let closing = false

  const runWaiting = async (): Promise<void> => {
    if (running) return
    running = true
    while (waiting.length > 0) {
      const { answers, writes } = await run(ground, waiting.splice(0, operationsPerCommitMax))
      tell(port, { kind: 'answers', answers, writes })
      // Lets messages in that came meanwhile, so that they join the next commit.
      await new Promise((resolve) => setImmediate(resolve))
    }
    running = false
    if (!closing) return
    database.close()
    port.close()
  }

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'copy') return tell(port, { kind: 'copied', why: copyBack(database) })
    if (message.kind === 'ask') waiting.push(...message.asked)
    else closing = true
    setImmediate(runWaiting)
  })
  tell(port, { kind: 'open' })
}

const open = async (port: MessagePort, settings: WorkerSettings): Promise<void> => {
  try {
    if (settings.isBeside === true) serve(port, openBeside(settings), runBeside)
    else serve(port, await openDatabase(settings), runBatch)
  } catch (error) {
    tell(port, { kind: 'failed', problem: carried(storeProblem(error)) })
  }
}

assert(parentPort !== null, 'the store worker runs in a thread of its own')
const port = parentPort
// The first message says what to open; a thread that is not needed is closed with it.
port.once('message', (message: ToWorker) => {
  if (message.kind === 'open') void open(port, message.settings)
  else port.close()
})
