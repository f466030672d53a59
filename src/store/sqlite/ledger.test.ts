import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#base/clock.ts'
import type { HandClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { makeMailbox } from '#base/mailbox.ts'
import { faceOf } from '#store/face.ts'
import { ledgerContract } from '#store/ledger.contract.ts'
import { ledgerHistoryContract } from '#store/ledger-history.contract.ts'
import { ledgerPartsContract } from '#store/ledger-parts.contract.ts'
import type { LedgerBackend, Reopened } from '#store/ledger-sample.ts'
import type { Execute } from '#store/operations/index.ts'
import { makeOperations } from '#store/operations/index.ts'
import { runBatch } from './batch.ts'
import { openSqliteStore } from './client.ts'
import { openDatabase } from './open-database.ts'

/** Its day is the test's, and its timers are the machine's: what nobody hurries is sent a little later by them. */
const open = (url: string, { nowMs }: HandClock) =>
  openSqliteStore({ url, durability: 'process', clock: { ...systemClock(), nowMs }, log: silentLog })

/** Random histories to try of each kind of account: as the environment says, for a longer look. */
const histories = (usual: number): number => Number(process.env['DROVER_HISTORIES'] ?? usual)

/** The same operations in the same groups without a thread between: a history takes milliseconds. */
const inProcess: LedgerBackend = {
  name: 'books in memory',
  runs: histories(30),
  openAgain: async (_context, clock) => {
    const settings = { file: ':memory:', durability: 'process', nowMs: clock.nowMs(), busyTimeoutMs: 0 } as const
    const { database, kysely } = await openDatabase(settings)
    const ground = { database, kysely, operations: makeOperations() }
    let running = Promise.resolve()
    const mailbox = makeMailbox({
      clock,
      whom: 'The store',
      queueLengthMax: 10_000,
      answerTimeoutMs: 60_000,
      post: (asked) => {
        running = running.then(async () => mailbox.answer((await runBatch(ground, asked)).answers))
      },
    })
    const close = async (): Promise<void> => database.close()
    return { store: { ...faceOf(mailbox.ask as Execute, clock), health: () => ({ ok: true }), close }, again: null }
  },
}

const inFile: LedgerBackend = {
  name: 'books, sqlite file',
  runs: histories(3),
  openAgain: async (context, clock) => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-ledger-'))
    const reopened = async (): Promise<Reopened> => {
      const store = await open(`sqlite:${join(folder, 'drover.db')}`, clock)
      const again = async (): Promise<Reopened> => {
        await store.close()
        return reopened()
      }
      context.after(() => store.close())
      return { store, again }
    }
    context.after(() => rmSync(folder, { recursive: true, force: true }))
    return reopened()
  },
}

for (const backend of [inProcess, inFile]) {
  ledgerContract(backend)
  ledgerPartsContract(backend)
  ledgerHistoryContract(backend)
}
