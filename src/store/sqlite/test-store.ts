/** A store in memory without its thread, which starts slowly: the same operations and the same group commit, called at once. */

import type { Clock } from '#base/clock.ts'
import { makeMailbox } from '#base/mailbox.ts'
import type { Store } from '#store/face.ts'
import { faceOf } from '#store/face.ts'
import type { Execute } from '#store/operations/index.ts'
import { makeOperations } from '#store/operations/index.ts'
import { runBatch } from './batch.ts'
import { openDatabase } from './open-database.ts'

export const openTestStore = async (clock: Clock): Promise<Store> => {
  const settings = { file: ':memory:', durability: 'process', nowMs: 0, busyTimeoutMs: 0 } as const
  const ground = { ...(await openDatabase(settings)), operations: makeOperations() }
  let before: Promise<unknown> = Promise.resolve()
  const mailbox = makeMailbox({
    clock,
    whom: 'The store',
    queueLengthMax: 10_000,
    answerTimeoutMs: 30_000,
    post: (asked) => {
      before = before.then(async () => mailbox.answer((await runBatch(ground, asked)).answers))
    },
  })
  return {
    ...faceOf(mailbox.ask as Execute, clock),
    health: () => ({ ok: true }),
    close: async () => ground.database.close(),
  }
}
