import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { adminStoreContract } from '#store/admin-store.contract.ts'
import { appliedContract } from '#store/applied.contract.ts'
import { availabilityContract } from '#store/availability.contract.ts'
import { bindingContract } from '#store/binding.contract.ts'
import { callLogContract } from '#store/call-log.contract.ts'
import { carriedContract } from '#store/carried.contract.ts'
import { codeContract } from '#store/code.contract.ts'
import { documentContract } from '#store/document.contract.ts'
import { erasureContract } from '#store/erasure.contract.ts'
import { identityContract } from '#store/identity.contract.ts'
import { keptAnswerContract } from '#store/kept-answer.contract.ts'
import { keySourceContract } from '#store/key-source.contract.ts'
import { migrationContract } from '#store/migration.contract.ts'
import { outboxContract } from '#store/outbox.contract.ts'
import { ownCredentialContract } from '#store/own-credential.contract.ts'
import { paymentContract } from '#store/payment.contract.ts'
import { peopleContract } from '#store/people.contract.ts'
import { receiptKeyContract } from '#store/receipt-key.contract.ts'
import { responseContract } from '#store/response.contract.ts'
import { retentionContract } from '#store/retention.contract.ts'
import type { OpenBackend } from '#store/test-backend.ts'
import { usageContract } from '#store/usage.contract.ts'
import { openSqliteStore } from './client.ts'
import type { Durability } from './message.ts'
import { openTestStore, testStoreOf } from './test-store.ts'

const openAt = async (
  context: TestContext,
  clock: Clock,
  where: { readonly url: string; readonly durability: Durability },
) => {
  // What nobody hurries waits for a timer: of the machine, whatever day the test has made it.
  const own = { ...systemClock(), nowMs: clock.nowMs }
  const store = await openSqliteStore({ ...where, clock: own, log: silentLog })
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

const inMemory: OpenBackend = {
  name: 'sqlite in memory',
  open: async (context, clock) => {
    const store = await openTestStore(clock)
    context.after(() => store.close())
    return store
  },
}
const withoutThread: OpenBackend = { name: 'sqlite file', open: testStoreOf }

outboxContract(inFile('process'))
for (const backend of [inMemory, withoutThread]) callLogContract(backend)
adminStoreContract(withoutThread)
availabilityContract(withoutThread)
keySourceContract(withoutThread)
migrationContract(withoutThread)
outboxContract(withoutThread)
retentionContract(withoutThread)
peopleContract(withoutThread)
identityContract(withoutThread)
codeContract(withoutThread)
paymentContract(withoutThread)
documentContract(withoutThread)
ownCredentialContract(withoutThread)
appliedContract(withoutThread)
receiptKeyContract(withoutThread)
erasureContract(withoutThread)
keptAnswerContract(withoutThread)
responseContract(withoutThread)
bindingContract(withoutThread)
carriedContract(withoutThread)
usageContract(withoutThread)
callLogContract(inFile('power'))
