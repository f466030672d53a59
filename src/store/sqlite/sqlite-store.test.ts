import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { makeMailbox } from '#base/mailbox.ts'
import { adminStoreContract } from '#store/admin-store.contract.ts'
import { availabilityContract } from '#store/availability.contract.ts'
import { bindingContract } from '#store/binding.contract.ts'
import { callLogContract } from '#store/call-log.contract.ts'
import { carriedContract } from '#store/carried.contract.ts'
import { codeContract } from '#store/code.contract.ts'
import { documentContract } from '#store/document.contract.ts'
import { erasureContract } from '#store/erasure.contract.ts'
import { faceOf } from '#store/face.ts'
import { identityContract } from '#store/identity.contract.ts'
import { keptAnswerContract } from '#store/kept-answer.contract.ts'
import { keySourceContract } from '#store/key-source.contract.ts'
import { migrationContract } from '#store/migration.contract.ts'
import type { Execute } from '#store/operations/index.ts'
import { makeOperations } from '#store/operations/index.ts'
import { outboxContract } from '#store/outbox.contract.ts'
import { ownCredentialContract } from '#store/own-credential.contract.ts'
import { paymentContract } from '#store/payment.contract.ts'
import { peopleContract } from '#store/people.contract.ts'
import { receiptKeyContract } from '#store/receipt-key.contract.ts'
import { responseContract } from '#store/response.contract.ts'
import { retentionContract } from '#store/retention.contract.ts'
import type { OpenBackend } from '#store/test-backend.ts'
import { usageContract } from '#store/usage.contract.ts'
import { runBatch } from './batch.ts'
import { openSqliteStore } from './client.ts'
import type { Durability } from './message.ts'
import { openDatabase } from './open-database.ts'

const workerUrl = new URL('./worker.ts', import.meta.url)

const openAt = async (
  context: TestContext,
  clock: Clock,
  where: { readonly url: string; readonly durability: Durability },
) => {
  const store = await openSqliteStore({ ...where, workerUrl, clock, log: silentLog })
  context.after(() => store.close())
  return store
}

const inFile = (durability: Durability): OpenBackend => ({
  name: `sqlite file, ${durability}`,
  open: (context, clock) => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-store-'))
    context.after(() => rmSync(folder, { recursive: true }))
    return openAt(context, clock, { url: `sqlite:${join(folder, 'drover.db')}`, durability })
  },
})

/** Without the thread, which starts slowly: the same operations and the same group commit, called at once. */
const inMemory: OpenBackend = {
  name: 'sqlite in memory',
  open: async (context, clock) => {
    const settings = { file: ':memory:', durability: 'process', nowMs: 0, busyTimeoutMs: 0 } as const
    const ground = { ...(await openDatabase(settings)), operations: makeOperations() }
    context.after(() => ground.database.close())
    let before: Promise<unknown> = Promise.resolve()
    const mailbox = makeMailbox({
      clock,
      whom: 'The store',
      queueLengthMax: 10_000,
      answerTimeoutMs: 1000,
      post: (asked) => {
        before = before.then(async () => mailbox.answer((await runBatch(ground, asked)).answers))
      },
    })
    return { ...faceOf(mailbox.ask as Execute, clock), health: () => ({ ok: true }), close: async () => {} }
  },
}

for (const backend of [inMemory, inFile('process')]) {
  adminStoreContract(backend)
  callLogContract(backend)
  availabilityContract(backend)
  keySourceContract(backend)
  migrationContract(backend)
  outboxContract(backend)
  retentionContract(backend)
  peopleContract(backend)
  identityContract(backend)
  codeContract(backend)
  paymentContract(backend)
  documentContract(backend)
  ownCredentialContract(backend)
  receiptKeyContract(backend)
  erasureContract(backend)
  keptAnswerContract(backend)
  responseContract(backend)
  bindingContract(backend)
  carriedContract(backend)
}
usageContract(inMemory)
callLogContract(inFile('power'))
