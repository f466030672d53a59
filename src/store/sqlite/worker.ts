/** A thread of the store, the one that writes or the one beside it: SQLite blocks whoever calls it, so nobody but these does. */

import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import type { MessagePort } from 'node:worker_threads'
import { parentPort } from 'node:worker_threads'
import { carried } from '#base/carried-problem.ts'
import { collector } from '#base/collect.ts'
import type { Asked } from '#base/mailbox.ts'
import { makeOperations } from '#store/operations/index.ts'
import { runBatch, runBeside } from './batch.ts'
import { storeProblem } from './failure.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './message.ts'
import type { OpenDatabase } from './open-database.ts'
import { openBeside, openDatabase } from './open-database.ts'

/** More than this in one commit gains nothing, and lets the first wait for the last. */
const operationsPerCommitMax = 1000

/** As far as the log goes by now: the other thread writes on meanwhile. */
const copyBack = (database: DatabaseSync): string | null => {
  try {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)')
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
    if (message.kind === 'rest') return collector().empty()
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
