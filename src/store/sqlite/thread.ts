/** The thread that the database lives in, before it has one. */

import { Worker } from 'node:worker_threads'

/** The thread while it has no store: whoever has it can open one, or end it with the message `close`. */
export type SqliteWorker = Worker

/** Its program: `worker.ts` in a checkout, its bundle in the package. */
const sqliteWorkerUrl = new URL('./worker.ts', import.meta.url)

const youngGenerationMebibytesMax = 6

/**
 * Starts the thread, which loads its program and waits to be told the file. That takes as long as what a server loads meanwhile: whoever
 * will open a store starts its thread first. The worker runs with no flags of the main thread: a debugger or a test runner is not its business.
 */
export const startSqliteThread = (workerUrl = sqliteWorkerUrl, name = 'drover-store'): SqliteWorker => {
  const worker = new Worker(workerUrl, {
    name,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // Files that a thread has open stay so when it ends: closing the database's would take SQLite's locks on it from the thread that still writes.
    trackUnmanagedFds: false,
    // What a batch leaves behind is dead when it is answered: a larger young generation would only hold more of it.
    resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMebibytesMax },
  })
  // Told by whoever opens the store: until then nobody listens, and an error that nobody hears would end the process.
  worker.on('error', () => {})
  // Until then it keeps no process alive either: a server that cannot start has to end.
  worker.unref()
  return worker
}
