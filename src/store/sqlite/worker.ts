/** A thread of the store, the one that writes or the one beside it: SQLite blocks whoever calls it, so nobody but these does. */

import assert from 'node:assert/strict'
import type { MessagePort } from 'node:worker_threads'
import { parentPort } from 'node:worker_threads'
import { carried } from '#base/carried-problem.ts'
import { collector } from '#base/collect.ts'
import type { Asked } from '#base/mailbox.ts'
import { makeOperations } from '#store/operations/index.ts'
import { runBatch, runBeside } from './batch.ts'
import type { Copied } from './copy-back.ts'
import { copyRest, makeCopyBeside } from './copy-back.ts'
import { storeProblem } from './failure.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './message.ts'
import type { OpenDatabase } from './open-database.ts'
import { openBeside, openDatabase } from './open-database.ts'

/** More than this in one commit gains nothing, and lets the first wait for the last. */
const operationsPerCommitMax = 1000

const tell = (port: MessagePort, message: FromWorker): void => port.postMessage(message)

/** What this thread does of what both do. */
type Part = { readonly run: typeof runBatch; readonly copy: () => Copied }

const serve = (port: MessagePort, { database, kysely }: OpenDatabase, { run, copy }: Part): void => {
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
    if (message.kind === 'copy') return tell(port, { kind: 'copied', ...copy() })
    if (message.kind === 'rest') return collector().empty()
    if (message.kind === 'ask') waiting.push(...message.asked)
    else closing = true
    setImmediate(runWaiting)
  })
  tell(port, { kind: 'open' })
}

const open = async (port: MessagePort, settings: WorkerSettings): Promise<void> => {
  try {
    const isBeside = settings.isBeside === true
    const opened = isBeside ? openBeside(settings) : await openDatabase(settings)
    const { database } = opened
    if (isBeside) serve(port, opened, { run: runBeside, copy: makeCopyBeside(database, settings.file) })
    else serve(port, opened, { run: runBatch, copy: () => copyRest(database) })
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
